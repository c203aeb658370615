import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RowTable } from '../tables/columns.ts';
import { DiskReserve } from './disk-reserve.ts';
import { DATA_SUFFIX, type SealedSegment } from './segment.ts';
import { Spool, type SpoolOptions } from './spool.ts';

const TABLE: RowTable = { name: 'things', columns: [] };

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'whence-spool-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const LOG = { warn: () => {}, error: () => {} };

const open = async (options: Partial<SpoolOptions> = {}): Promise<Spool> =>
  Spool.open({
    directory,
    table: TABLE,
    segmentMaxBytes: 1_000,
    segmentMaxAgeMillis: 5,
    maxBytes: 1 << 30,
    reserve: await DiskReserve.find({ directory, bytes: 0, log: LOG }),
    log: LOG,
    ...options,
  });

const append = (spool: Spool, text: string): Promise<void> =>
  spool.append(Buffer.from(text), 1, spool.place(Date.now()));

/** Everything that the spool gives to ship, each segment taken as shipped. */
const drain = async (spool: Spool): Promise<string> => {
  let all = '';
  spool.flush();
  while (spool.bytes > 0) {
    const segment = (await spool.next(AbortSignal.timeout(2_000)))!;
    all += await contentOf(segment);
    await spool.shipped(segment);
  }
  return all;
};

const contentOf = async (segment: SealedSegment): Promise<string> => {
  const bytes = await readFile(join(segment.directory, segment.id + DATA_SUFFIX));
  expect(bytes.length).toBe(segment.bytes);
  expect(crc32(bytes)).toBe(segment.crc);
  return bytes.toString();
};

describe('spool', () => {
  it('gives what was appended, in order, once', async () => {
    const spool = await open();
    await Promise.all(Array.from({ length: 100 }, (_, i) => append(spool, `<${i}>`)));
    expect(await drain(spool)).toBe(Array.from({ length: 100 }, (_, i) => `<${i}>`).join(''));
    expect(await drain(spool)).toBe('');
    await spool.close();
  });

  it('numbers rows from 0 in each segment', async () => {
    const spool = await open({ segmentMaxBytes: 20, segmentMaxAgeMillis: 60_000 });
    const places: string[] = [];
    for (let i = 0; i < 10; i++) {
      const place = spool.place(Date.now());
      places.push(`${Buffer.from(place.batchId).toString('hex')}:${place.firstRow}`);
      await spool.append(Buffer.from('0123456789'), 3, place);
    }
    expect(new Set(places).size).toBe(10);
    expect(places.filter((place) => place.endsWith(':0')).length).toBeGreaterThan(1);
    await spool.close();
  });

  it('has what was appended after a crash, asks the store first, and drops nothing when closed', async () => {
    const crashed = await open({ segmentMaxAgeMillis: 60_000 });
    await append(crashed, 'kept');
    const next = await open();
    const segment = await next.next(AbortSignal.timeout(1_000));
    expect(segment).toMatchObject({ rows: 1, uncertain: true });
    await next.close();
    const last = await open();
    expect(await drain(last)).toBe('kept');
    await last.close();
    await crashed.close();
  });

  it('leaves no files behind when everything was shipped', async () => {
    const spool = await open();
    await append(spool, 'a');
    await drain(spool);
    await spool.close();
    expect((await readdir(join(directory, 'things'))).sort()).toEqual(['damaged', 'refused']);
  });

  it('refuses when full, and takes more when something was shipped', async () => {
    const spool = await open({ maxBytes: 10, segmentMaxBytes: 5 });
    await append(spool, '0123456789');
    expect(spool.accepting).toBe(false);
    expect(() => spool.place(Date.now())).toThrowError(
      expect.objectContaining({ code: 'spool_unavailable' }),
    );
    await drain(spool);
    expect(spool.accepting).toBe(true);
    await append(spool, 'more');
    await spool.close();
  });

  it('keeps a segment to one day, whatever the clock does', async () => {
    const spool = await open({ segmentMaxAgeMillis: 60_000 });
    const noon = Date.UTC(2026, 10, 22, 12);
    const first = spool.place(noon);
    await spool.append(Buffer.from('x'), 1, first);
    for (const jump of [-48, -13, 13, 48]) {
      const place = spool.place(noon + jump * 3_600_000);
      if (Buffer.from(place.batchId).equals(Buffer.from(first.batchId))) {
        expect(new Date(place.receivedAtMillis).toISOString().slice(0, 10)).toBe('2026-11-22');
      }
    }
    await spool.close();
  });

  it('stops waiting when it is told to', async () => {
    const spool = await open();
    expect(await spool.next(AbortSignal.timeout(10))).toBeUndefined();
    await spool.close();
  });

  it('accepts none while the reserve of the disk is spent, but for records that must not be lost', async () => {
    const reserve = await DiskReserve.find({ directory, bytes: 2 ** 60, log: LOG });
    const spool = await open({ reserve });
    const records = await open({ reserve, directory: join(directory, 'records'), reservePartsLeft: 0 });
    await append(spool, 'before');
    // There is no room for that.
    await reserve.keepWhole();
    expect(spool.accepting).toBe(false);
    expect(() => spool.place(Date.now())).toThrowError(
      expect.objectContaining({ code: 'spool_unavailable' }),
    );
    expect(records.accepting).toBe(true);
    await records.appendRecords(1, () => Buffer.from('record'));
    expect(await drain(records)).toBe('record');
    expect(await drain(spool)).toBe('before');
    for (const each of [spool, records]) await each.close();
    await reserve.close();
  });

  it('sets a segment aside', async () => {
    const spool = await open();
    await append(spool, 'poison');
    const segment = (await spool.next(AbortSignal.timeout(1_000)))!;
    await spool.setAside(segment, 'refused');
    expect(spool.bytes).toBe(0);
    expect(await readdir(join(directory, 'things', 'refused'))).toContain(segment.id + DATA_SUFFIX);
    await spool.close();
  });
});

/** The law: what was acknowledged and not shipped is there after any crash, in order, once. */
type Step = { kind: 'append'; size: number } | { kind: 'ship' } | { kind: 'crash' } | { kind: 'close' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(400).map((size): Step => ({ kind: 'append', size: size + 1 })) },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: 'ship' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'crash' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'close' }) },
);

it('keeps what was acknowledged over any sequence of appends, shipments and crashes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const own = await mkdtemp(join(directory, 'law-'));
      const reopen = () => open({ directory: own, segmentMaxBytes: 500, segmentMaxAgeMillis: 1 });
      const crashed: Spool[] = [];
      let spool = await reopen();
      let acknowledged = '';
      let shipped = '';
      let count = 0;
      for (const { kind, ...rest } of steps) {
        if (kind === 'append') {
          const text = `<${count++}:${'x'.repeat((rest as { size: number }).size)}>`;
          await append(spool, text);
          acknowledged += text;
        } else if (kind === 'ship') {
          const segment = spool.bytes === 0 ? undefined : await spool.next(AbortSignal.timeout(2_000));
          if (segment !== undefined) {
            shipped += await contentOf(segment);
            await spool.shipped(segment);
          }
        } else if (kind === 'crash') {
          crashed.push(spool);
          spool = await reopen();
        } else {
          await spool.close();
          spool = await reopen();
        }
      }
      expect(shipped + (await drain(spool))).toBe(acknowledged);
      for (const dead of [...crashed, spool]) await dead.close();
    }),
    { numRuns: 30 },
  );
});
