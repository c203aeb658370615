import { newRunId } from '@whence/model';
import { beforeAll, describe, expect, it } from 'vitest';
import { metricOf, startCollector } from './stage/collector-process.ts';
import { drained, expectLedgerHeld, heldSpans, Ledger } from './stage/ledger.ts';
import { newSpans } from './stage/otlp-request.ts';
import { INDEX_RECORD_BYTES, SpoolFiles } from './stage/spool-files.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';

const APPENDS = 6;
const SPANS_PER_APPEND = 3;

let store: StoreProcess;
/** What a collector left that was killed while the store was away: one segment of several appends. */
let left: SpoolFiles;
/** Span ids by append, all acknowledged. */
const appends: string[][] = [];

beforeAll(async () => {
  store = await startStore();
  const collector = await startCollector();
  for (let i = 0; i < APPENDS; i++) {
    const ledger = new Ledger();
    await ledger.send(collector.url, newSpans(SPANS_PER_APPEND));
    expect(ledger.acknowledged.size).toBe(SPANS_PER_APPEND);
    appends.push([...ledger.acknowledged]);
  }
  await collector.kill();
  left = new SpoolFiles(collector.dataDirectory);
  expect(left.segments()).toHaveLength(1);
  expect(left.bounds(left.segments()[0]!)).toHaveLength(APPENDS + 1);
});

interface Found {
  readonly printed: string;
  readonly files: SpoolFiles;
  readonly segmentsDamaged: number | undefined;
  readonly rowsLost: number | undefined;
  /** What the store was told of it. */
  readonly gaps: readonly GapRow[];
}

interface GapRow {
  readonly table: string;
  readonly batch: string;
  readonly reason: string;
  readonly rows: string;
}

/**
 * Starts a collector on what was left, damaged; it must start, deliver those appends and no others, once each, leave
 * nothing in the spool, and go on accepting.
 */
const expectDelivered = async (files: SpoolFiles, delivered: readonly number[]): Promise<Found> => {
  const options = { dataDirectory: files.dataDirectory, storeUrl: store.url, database: store.newDatabase() };
  const collector = await startCollector(options);
  await drained(collector.url);
  const held = await heldSpans(store, options.database);
  expect([...held.keys()].sort()).toEqual(delivered.flatMap((append) => appends[append]!).sort());
  expect([...held.values()].every((count) => count === 1)).toBe(true);

  const ledger = new Ledger();
  for (const id of held.keys()) ledger.acknowledged.add(id);
  expect(await ledger.send(collector.url, newSpans(2))).toBe(200);
  await expectLedgerHeld(ledger, store, options.database, collector.url);
  const gaps = await store.rows<GapRow>(
    options.database,
    `SELECT DISTINCT LostTable AS table, toString(LostBatchId) AS batch, Reason AS reason, toString(LostRows) AS rows FROM gaps`,
  );
  const found = {
    gaps,
    printed: collector.printed(),
    segmentsDamaged: await metricOf(collector.url, 'whence_collector_spool_segments_damaged_total'),
    rowsLost: await metricOf(collector.url, 'whence_collector_spool_rows_lost_total'),
  };
  expect((await collector.stop()).code).toBe(0);
  expect(files.files()).toEqual([]);
  return { ...found, files };
};

const ALL = Array.from({ length: APPENDS }, (_, i) => i);
const allBut = (...lost: number[]): number[] => ALL.filter((append) => !lost.includes(append));

/** It is in the log, in the metrics, and the file is kept. */
const expectReported = (found: Found, id: string, rowsLost: number): void => {
  expect(found.printed).toContain('"level":50');
  expect(found.printed).toContain('spool segment is damaged');
  expect(found.printed).toContain(id);
  expect(found.files.damaged()).toEqual([id]);
  expect(found.segmentsDamaged).toBe(1);
  expect(found.rowsLost).toBe(rowsLost);
  if (rowsLost > 0) {
    expect(found.gaps).toEqual([
      { table: 'otel_traces', batch: id, reason: 'damaged', rows: String(rowsLost) },
    ]);
  }
};

const expectNoDamage = (found: Found): void => {
  expect(found.gaps).toEqual([]);
  expect(found.files.damaged()).toEqual([]);
  expect(found.segmentsDamaged).toBe(0);
  expect(found.printed).not.toContain('"level":50');
};

const damage = (change: (files: SpoolFiles, id: string, bounds: readonly number[]) => void) => {
  const files = left.copy();
  const [id] = files.segments();
  change(files, id!, files.bounds(id!));
  return { files, id: id! };
};

describe('a segment with a torn tail', () => {
  it.each<[string, (start: number, end: number) => number]>([
    ['in its first byte', (start) => start + 1],
    ['in the middle', (start, end) => (start + end) >> 1],
    ['in its last byte', (_, end) => end - 1],
  ])(
    'cut in the last append, %s: all before it is delivered, and the cut is in the log',
    async (_, cutAt) => {
      const { files } = damage((of, id, bounds) => of.cut(id, cutAt(bounds[APPENDS - 1]!, bounds[APPENDS]!)));
      const found = await expectDelivered(files, allBut(APPENDS - 1));
      expectNoDamage(found);
      expect(found.printed).toContain('torn, unacknowledged tail');
    },
  );

  it('with bytes of an append that the index does not tell of: they are dropped, and it is in the log', async () => {
    const { files } = damage((of, id) => of.append(id, Buffer.from('half of a row')));
    const found = await expectDelivered(files, ALL);
    expectNoDamage(found);
    expect(found.printed).toContain('torn, unacknowledged tail');
  });
});

describe('a damaged segment', () => {
  it.each([[0], [2], [APPENDS - 1]])(
    'a bit flipped in append %i: all others are delivered',
    async (append) => {
      const { files, id } = damage((of, name, bounds) =>
        of.flipBit(name, (bounds[append]! + bounds[append + 1]!) >> 1),
      );
      expectReported(await expectDelivered(files, allBut(append)), id, SPANS_PER_APPEND);
    },
  );

  it('bits flipped in several appends: all others are delivered', async () => {
    const { files, id } = damage((of, name, bounds) => {
      for (const append of [1, 3, 4]) of.flipBit(name, bounds[append]! + 5);
    });
    expectReported(await expectDelivered(files, allBut(1, 3, 4)), id, 3 * SPANS_PER_APPEND);
  });

  it('bits flipped in every append: nothing is delivered, and nothing stands in the way', async () => {
    const { files, id } = damage((of, name, bounds) => {
      for (const bound of bounds.slice(0, -1)) of.flipBit(name, bound + 5);
    });
    expectReported(await expectDelivered(files, []), id, APPENDS * SPANS_PER_APPEND);
  });

  it('a bit flipped in the index: every row is delivered', async () => {
    const { files, id } = damage((of, name) => of.flipBitOfIndex(name, 2 * INDEX_RECORD_BYTES + 9));
    expectReported(await expectDelivered(files, ALL), id, 0);
  });

  it('its index missing: every row is delivered', async () => {
    const { files, id } = damage((of, name) => of.removeIndex(name));
    expectReported(await expectDelivered(files, ALL), id, 0);
  });

  it('killed again and again before it is delivered: the same rows, once, and the file is kept', async () => {
    const { files, id } = damage((of, name, bounds) => of.flipBit(name, bounds[2]! + 5));
    for (let round = 0; round < 2; round++) {
      await (await startCollector({ dataDirectory: files.dataDirectory })).kill();
    }
    expectReported(await expectDelivered(files, allBut(2)), id, SPANS_PER_APPEND);
  });
});

it('leftover files with nothing in them are cleared away', async () => {
  const files = left.copy();
  const nothing = Buffer.alloc(0);
  files.add(`${newRunId()}.rowbinary`, nothing);
  const pair = newRunId();
  files.add(`${pair}.rowbinary`, nothing);
  files.add(`${pair}.index`, nothing);
  files.add(`${newRunId()}.index`, nothing);
  files.add(`${newRunId()}.index`, Buffer.alloc(INDEX_RECORD_BYTES, 1));
  files.add(`${newRunId()}.cursor`, Buffer.from('7 0'));
  const found = await expectDelivered(files, ALL);
  expectNoDamage(found);
  expect(found.files.files().filter((file) => file.endsWith('.cursor'))).toEqual([]);
});
