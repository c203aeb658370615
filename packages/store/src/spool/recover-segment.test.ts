import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RowWriter } from '../rowbinary/row-writer.ts';
import type { RowTable } from '../tables/columns.ts';
import { type RecoveredSegment, recoverSegment } from './recover-segment.ts';
import { DATA_SUFFIX, INDEX_SUFFIX, readSegment, type SealedSegment, Segment } from './segment.ts';
import { INDEX_RECORD_BYTES } from './segment-index.ts';

const TABLE: RowTable = {
  name: 'things',
  columns: [
    { name: 'Text', type: 'String' },
    { name: 'ReceivedAt', type: "DateTime64(3, 'UTC')" },
    { name: 'BatchId', type: 'UUID' },
    { name: 'RowNumber', type: 'UInt32' },
  ],
};
/** Rows in each append. */
const APPENDS = [2, 1, 3, 1];
const RECEIVED_AT = 1_790_000_000_000;

let directory: string;
let id: string;
let data: Buffer;
let index: Buffer;
/** Where each append begins, and the end of the last. */
let bounds: number[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'whence-recover-'));
  const segment = await Segment.create(directory);
  id = segment.id;
  bounds = [0];
  const writer = new RowWriter();
  for (const rows of APPENDS) {
    writer.reset();
    for (let i = 0; i < rows; i++) {
      writer.string(`row ${segment.rows + i}`);
      writer.reserve(28);
      writer.millis(RECEIVED_AT);
      writer.uuid(segment.idBytes);
      writer.uint32(segment.rows + i);
    }
    await segment.append(writer.copyOut(), rows, RECEIVED_AT);
    bounds.push(segment.bytes);
  }
  await segment.seal();
  data = await readFile(join(directory, id + DATA_SUFFIX));
  index = await readFile(join(directory, id + INDEX_SUFFIX));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

const TOTAL = APPENDS.reduce((sum, rows) => sum + rows, 0);
const rowsBefore = (append: number): number => APPENDS.slice(0, append).reduce((sum, rows) => sum + rows, 0);
const part = (append: number): Buffer => data.subarray(bounds[append], bounds[append + 1]);
const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 0x10;
  return copy;
};

/** What is recovered from these two files, and that a second look finds the same. */
const recovered = async (files: { data: Buffer; index: Buffer | undefined }): Promise<RecoveredSegment> => {
  await writeFile(join(directory, id + DATA_SUFFIX), files.data);
  if (files.index === undefined) await rm(join(directory, id + INDEX_SUFFIX), { force: true });
  else await writeFile(join(directory, id + INDEX_SUFFIX), files.index);
  const first = await recoverSegment(directory, id, TABLE);
  expect(await recoverSegment(directory, id, TABLE)).toEqual(first);
  return first;
};

/** The stream gives the same memory again: each chunk is copied when it comes. */
const sentBytes = async (segment: SealedSegment): Promise<Buffer> => {
  const copies: Buffer[] = [];
  for await (const chunk of readSegment(segment)) copies.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(copies);
};

const expectSent = async (found: RecoveredSegment, bytes: Buffer, rows: number): Promise<void> => {
  if (found.status === 'empty' || found.segment === undefined) {
    expect(rows).toBe(0);
    return;
  }
  const sent = await sentBytes(found.segment);
  expect(sent.equals(bytes)).toBe(true);
  expect(found.segment).toMatchObject({
    id,
    rows,
    bytes: bytes.length,
    crc: crc32(bytes),
    receivedAtMillis: RECEIVED_AT,
    uncertain: true,
    damaged: found.status === 'damaged',
  });
};

it('a whole segment', async () => {
  const found = await recovered({ data, index });
  expect(found).toMatchObject({ status: 'whole', droppedBytes: 0 });
  await expectSent(found, data, TOTAL);
});

it('cut off at any byte: the appends before are whole, the rest is a torn tail', async () => {
  for (let length = 0; length < data.length; length++) {
    const whole = bounds.findLastIndex((bound) => bound <= length);
    const found = await recovered({ data: data.subarray(0, length), index });
    expect(found).toMatchObject({
      status: whole === 0 ? 'empty' : 'whole',
      droppedBytes: length - bounds[whole]!,
    });
    await expectSent(found, data.subarray(0, bounds[whole]), rowsBefore(whole));
  }
});

it('an index that is cut off at any byte: what it does not tell of is a torn tail', async () => {
  for (let length = 0; length < index.length; length++) {
    const whole = Math.floor(length / INDEX_RECORD_BYTES);
    const found = await recovered({ data, index: index.subarray(0, length) });
    expect(found).toMatchObject({
      status: whole === 0 ? 'empty' : 'whole',
      droppedBytes: data.length - bounds[whole]!,
    });
    await expectSent(found, data.subarray(0, bounds[whole]), rowsBefore(whole));
  }
});

it('a bit that flipped anywhere in the rows: that append is lost, all others are sent', async () => {
  for (let at = 0; at < data.length; at++) {
    const hit = bounds.findLastIndex((bound) => bound <= at);
    const found = await recovered({ data: flipped(data, at), index });
    expect(found).toMatchObject({
      status: 'damaged',
      damage: { lostRows: APPENDS[hit], lostBytes: part(hit).length, uncheckedRows: 0 },
    });
    const others = APPENDS.map((_, append) => (append === hit ? Buffer.alloc(0) : part(append)));
    await expectSent(found, Buffer.concat(others), TOTAL - APPENDS[hit]!);
  }
});

it('a bit that flipped anywhere in the index: every row is sent, some of them unchecked', async () => {
  for (let at = 0; at < index.length; at++) {
    const hit = Math.floor(at / INDEX_RECORD_BYTES);
    const found = await recovered({ data, index: flipped(index, at) });
    expect(found).toMatchObject({
      status: 'damaged',
      damage: { lostRows: 0, lostBytes: 0, uncheckedRows: APPENDS[hit] },
    });
    await expectSent(found, data, TOTAL);
  }
});

it('an index that is gone: every row is sent, unchecked', async () => {
  const found = await recovered({ data, index: undefined });
  expect(found).toMatchObject({
    status: 'damaged',
    damage: { lostRows: 0, lostBytes: 0, uncheckedRows: TOTAL },
  });
  await expectSent(found, data, TOTAL);
});

it('an index that is gone, and rows that are cut off: the whole rows are sent', async () => {
  const found = await recovered({ data: data.subarray(0, data.length - 1), index: undefined });
  expect(found).toMatchObject({
    status: 'damaged',
    damage: { lostBytes: part(3).length - 1, uncheckedRows: TOTAL - 1 },
  });
  await expectSent(found, data.subarray(0, bounds[3]), TOTAL - 1);
});

it('an index that is gone, and rows of another batch: nothing is sent', async () => {
  const foreign = Buffer.from(data);
  const batch = Buffer.from(id.replaceAll('-', ''), 'hex').subarray(0, 4).reverse();
  let at = foreign.indexOf(batch);
  for (; at >= 0; at = foreign.indexOf(batch)) foreign[at]! ^= 0xff;
  const found = await recovered({ data: foreign, index: undefined });
  expect(found).toMatchObject({
    status: 'damaged',
    segment: undefined,
    damage: { lostBytes: data.length, uncheckedRows: 0 },
  });
});

it('nothing but damage: nothing is sent', async () => {
  const found = await recovered({ data: Buffer.alloc(data.length, 0xff), index });
  expect(found).toMatchObject({
    status: 'damaged',
    segment: undefined,
    damage: { lostRows: TOTAL, lostBytes: data.length },
  });
});

it('files with nothing in them', async () => {
  const nothing = Buffer.alloc(0);
  expect(await recovered({ data: nothing, index: nothing })).toEqual({ status: 'empty', droppedBytes: 0 });
  expect(await recovered({ data: nothing, index: undefined })).toEqual({ status: 'empty', droppedBytes: 0 });
  expect(await recovered({ data: nothing, index })).toEqual({ status: 'empty', droppedBytes: 0 });
});

it('bytes behind the last append were never acknowledged', async () => {
  const found = await recovered({ data: Buffer.concat([data, data.subarray(0, 9)]), index });
  expect(found).toMatchObject({ status: 'whole', droppedBytes: 9 });
  await expectSent(found, data, TOTAL);
});
