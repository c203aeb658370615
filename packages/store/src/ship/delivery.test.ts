import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { newRunId, type Run, runIdToBytes } from '@whence/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../batches.ts';
import { RowWriter } from '../rowbinary/row-writer.ts';
import { encodeRunRow } from '../rowbinary/run-rows.ts';
import { RUNS } from '../tables/runs.ts';
import { type Delivered, Delivery } from './delivery.ts';
import type { DeliveryCount } from './delivery-counts.ts';
import { tokenOf } from './segment-rows.ts';
import type { ShipLog } from './ship-log.ts';
import { type Fate, StoreModel } from './store-model.fixture.ts';

const RUN: Run = {
  id: newRunId(),
  rootId: newRunId(),
  path: [],
  job: 'nightly',
  attempt: 1,
  trigger: 'schedule',
  principal: { id: 'k8s://a/b/c', kind: 'scheduler' },
  authority: { kind: 'policy', id: 'policy:x@1' },
  assurance: 'verified',
  actor: 'k8s://a/b/d',
  tenant: 'acme',
  startedAt: '2026-11-22T03:14:07.123Z',
};

const encode = (id: string, rows: number, job = 'nightly'): Buffer => {
  const writer = new RowWriter();
  for (let rowNumber = 0; rowNumber < rows; rowNumber++) {
    const place = { batchId: runIdToBytes(id), rowNumber, receivedAtMillis: 1_790_000_000_000 };
    encodeRunRow(writer, 'started', { ...RUN, job }, place);
  }
  return Buffer.from(writer.copyOut());
};

const ROWS = 10;
const ALL = [...Array(ROWS).keys()];
const SILENT: ShipLog = { info: () => {}, warn: () => {}, error: () => {}, child: () => SILENT };

const PATIENCE = { firstBackoff: 1, maxBackoff: 4, tokenTrusted: 15 };

const newBatch = (rows = ROWS, cutBytes = 0) => {
  const id = newRunId();
  const whole = encode(id, rows);
  const bytes = whole.subarray(0, whole.length - cutBytes);
  const batch: Batch = {
    table: RUNS,
    id,
    rows,
    token: tokenOf(id, rows, bytes.length, crc32(bytes)),
    receivedAtMillis: 1_790_000_000_000,
    body: () => Readable.from([bytes]),
  };
  return { batch, bytes };
};

const deliver = async (
  model: StoreModel,
  { batch, bytes }: ReturnType<typeof newBatch>,
  uncertain = false,
): Promise<{ delivered: Delivered; counted: readonly string[] }> => {
  const counted: string[] = [];
  const parts = {
    store: model.store,
    log: SILENT,
    counts: {
      add: (what: DeliveryCount, count: number, labels: string) => counted.push(`${what} ${labels} ${count}`),
    },
    signal: AbortSignal.timeout(20_000),
    patience: PATIENCE,
  };
  const delivered = await new Delivery(batch, async () => bytes, parts).run(uncertain);
  return { delivered, counted };
};

describe('a batch', () => {
  it('that is answered at once is sent once, and nothing is asked', async () => {
    const model = new StoreModel();
    expect((await deliver(model, newBatch())).delivered).toEqual({ status: 'delivered' });
    expect(model.inserts).toBe(1);
    expect(model.numbers).toEqual(ALL);
  });

  it('that is there is not sent', async () => {
    const model = new StoreModel();
    const one = newBatch();
    model.put(one.bytes);
    expect((await deliver(model, one, true)).delivered).toEqual({ status: 'delivered' });
    expect(model.inserts).toBe(0);
  });

  it('whatever its inserts meet, with tokens remembered or not: each row is there once', async () => {
    const fate = fc.constantFrom<Fate>('answered', 'unanswered', 'lost', 'busy', 'half done');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fate, { maxLength: 6 }),
        fc.boolean(),
        fc.boolean(),
        async (fates, uncertain, forgets) => {
          const model = new StoreModel(fates);
          if (forgets) model.tokens.add = () => model.tokens;
          expect((await deliver(model, newBatch(), uncertain)).delivered).toEqual({ status: 'delivered' });
          expect(model.numbers).toEqual(ALL);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('whose rows were deleted, while its token is remembered: they are sent under another one', async () => {
    const model = new StoreModel();
    const one = newBatch();
    model.tokens.add(one.batch.token);
    expect((await deliver(model, one, true)).delivered).toEqual({ status: 'delivered' });
    expect(model.numbers).toEqual(ALL);
  });

  it('under whose id other bytes are, with a token that would pass for it: both are there, and it is told', async () => {
    const model = new StoreModel();
    const one = newBatch();
    const forged = encode(one.batch.id, ROWS, 'forged!');
    model.put(forged);
    model.tokens.add(`${one.batch.id}:${ROWS}:${forged.length}:${crc32(forged).toString(16)}`);
    const { delivered, counted } = await deliver(model, one, true);
    expect(delivered).toEqual({ status: 'delivered' });
    expect(model.numbers).toEqual(ALL.flatMap((number) => [number, number]));
    expect(counted).toContain('batchesInConflict table="runs",kind="other_rows" 1');
  });

  it('that is given up stays', async () => {
    const model = new StoreModel(Array<Fate>(1_000).fill('busy'));
    const { batch, bytes } = newBatch();
    const delivery = new Delivery(batch, async () => bytes, {
      store: model.store,
      log: SILENT,
      counts: { add: () => {} },
      signal: AbortSignal.timeout(50),
      patience: PATIENCE,
    });
    expect(await delivery.run(false)).toEqual({ status: 'given up' });
  });
});

describe('rows that the store refuses', () => {
  it('are left out, whatever else happens; the others are there once', async () => {
    const fate = fc.constantFrom<Fate>('answered', 'unanswered', 'lost', 'busy');
    const poison = fc.uniqueArray(fc.nat(ROWS - 1), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fate, { maxLength: 6 }),
        poison,
        fc.boolean(),
        async (fates, numbers, uncertain) => {
          const model = new StoreModel(fates, numbers);
          const { delivered } = await deliver(model, newBatch(), uncertain);
          expect(delivered).toMatchObject({ status: 'refused', rows: numbers.length });
          expect(model.numbers).toEqual(ALL.filter((number) => !numbers.includes(number)));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('and that are no rows: those before them are there', async () => {
    const model = new StoreModel();
    const { delivered } = await deliver(model, newBatch(ROWS, 3));
    expect(delivered).toMatchObject({ status: 'refused', rows: 1 });
    expect(model.numbers).toEqual(ALL.slice(0, -1));
  });

  it('all of many: not each is tried', async () => {
    const rows = 1_000;
    const model = new StoreModel([], Array(rows).keys());
    expect((await deliver(model, newBatch(rows))).delivered).toMatchObject({ status: 'refused', rows });
    expect(model.inserts).toBeLessThan(200);
  });
});
