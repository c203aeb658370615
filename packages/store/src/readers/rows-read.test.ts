import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Store } from '../open.ts';
import { type Readers, readersOf } from './open-readers.ts';
import { TRACE } from './records.fixture.ts';
import { openTemporaryStore, type TemporaryStore } from './temporary-store.fixture.ts';

/**
 * What a look-up reads must not grow with the table: it is asked at two sizes, of the engine's own plan, since what is
 * read from a projection that serves as an index appears in no other count.
 */
let temporary: TemporaryStore;
let store: Store;
let readers: Readers;

const SMALL = 50_000;
const LARGE = 400_000;
/** Of a whole table, and of each projection that is read. */
const GRANULE = 2048;

beforeAll(async () => {
  temporary = await openTemporaryStore();
  store = temporary.store;
  readers = readersOf(asked(store), 'default');
});

afterAll(() => temporary?.remove());

/** The statements that a reader asks. */
const statements: Statement[] = [];
type Statement = Parameters<Store['client']['query']>[0];

const asked = (store: Store): Store => {
  const client = new Proxy(store.client, {
    get: (target, name) =>
      name === 'query'
        ? (statement: Statement) => {
            statements.push(statement);
            return target.query(statement);
          }
        : Reflect.get(target, name, target),
  });
  return new Proxy(store, {
    get: (target, name) =>
      name === 'ask'
        ? <Result>(work: (given: typeof client) => Promise<Result>) => target.ask(() => work(client))
        : Reflect.get(target, name, target),
  });
};

/** Traces of ten spans, runs of fifty, roots of two runs, a hundred targets and statements; every run opens. */
const fill = async (from: number, to: number): Promise<void> => {
  const id = (of: string) => `lower(hex(sipHash128(${of})))`;
  const run = (of: string) =>
    `toUUID(concat(substring(${MOMENT(of)}, 1, 8), '-', substring(${MOMENT(of)}, 9, 4), '-7000-8000-', substring(lower(hex(cityHash64(${of}))), 1, 12)))`;
  await store.client.command({
    query: `INSERT INTO otel_traces (Timestamp, TraceId, SpanId, ParentSpanId, SpanName, ServiceName, SpanAttributes,
        TenantId, RunId, RootRunId, RunPath, PrincipalId, Assurance, Target, StatementHash, BatchId, RowNumber, ReceivedAt)
      WITH number + ${from} AS n, intDiv(n, 50) * 50 AS own, intDiv(n, 100) * 100 AS root
      SELECT fromUnixTimestamp64Milli(toInt64(1790000000000 + n)), ${id('intDiv(n, 10)')},
        substring(${id("'span', n")}, 1, 16), if(n % 10 = 0, '', substring(${id("'span', n - 1")}, 1, 16)),
        concat('step ', toString(n % 20)), concat('service-', toString(n % 7)),
        if(n = own, map('whence.run.id', toString(${run('own')})), map('n', toString(n))),
        'default', ${run('own')}, ${run('root')}, if(own = root, [], [${run('root')}]), 'k8s://demo/jobs/nightly', 'verified',
        concat('postgresql://db/t', toString(n % 100)), cityHash64(n % 100) + 1, generateUUIDv4(), n,
        fromUnixTimestamp64Milli(toInt64(1790000000500 + n))
      FROM numbers(${to - from})`,
    clickhouse_settings: { max_insert_threads: '1', max_threads: 1 },
  });
  await store.client.command({
    query: `INSERT INTO runs (TenantId, RunId, RootRunId, ParentRunId, Record, Assurance, StartedAt, ReceivedAt)
      WITH ${from} + number * 50 AS own, intDiv(own, 100) * 100 AS root
      SELECT 'default', ${run('own')}, ${run('root')}, if(own = root, toUUID('00000000-0000-0000-0000-000000000000'), ${run('root')}),
        'started', 'verified', fromUnixTimestamp64Milli(toInt64(1790000000000 + own)), fromUnixTimestamp64Milli(toInt64(1790000000000 + own))
      FROM numbers(${(to - from) / 50})`,
  });
  for (const [table, time] of Object.entries(INHERITED_BY)) {
    await store.client.command({
      query: `INSERT INTO ${table} (TenantId, PrincipalId, ${time}, Pass, Actions)
        SELECT 'default', concat('k8s://demo/jobs/', toString(number)), toDateTime(1790000000), 1, 1
        FROM numbers(${from}, ${to - from})`,
    });
  }
  for (const table of ['otel_traces', 'runs', ...Object.keys(INHERITED_BY)]) {
    await store.client.command({ query: `OPTIMIZE TABLE ${table} FINAL` });
  }
};

const INHERITED_BY = { inherited_hourly: 'Hour', inherited_footprints: 'Hour', inherited_monthly: 'Month' };
const PRINCIPAL = 'k8s://demo/jobs/25071';
const HOURS = { fromSeconds: 1_789_000_000, toSeconds: 1_791_000_000 };

const MOMENT = (of: string) => `leftPad(lower(hex(toUInt64(1790000000000 + ${of}))), 12, '0')`;

/** Rows that the plan of a statement reads: of the table as it is ordered, or by a projection of it. */
const rowsPlanned = async (statement: Statement): Promise<number> => {
  const result = await store.client.query({
    ...statement,
    query: `EXPLAIN indexes = 1, projections = 1 ${statement.query}`,
    format: 'TabSeparatedRaw',
  });
  const lines = (await result.text()).split('\n').map((line) => line.replace(/^[\s│├└─]*/, ''));
  let rows = 0;
  let byProjection = false;
  let granules = 0;
  const settle = () => {
    if (!byProjection) rows += granules * GRANULE;
    granules = 0;
    byProjection = false;
  };
  for (const line of lines) {
    if (line.startsWith('ReadFromMergeTree')) settle();
    const whole = /^Parts: \d+ \| Granules: (\d+)/.exec(line);
    if (whole !== null) granules = Number(whole[1]);
    if (/applied during reading|part-level filtering/.test(line)) byProjection = true;
    const read = /^Rows: (\d+)/.exec(line);
    if (read !== null) rows += Number(read[1]);
  }
  settle();
  return rows;
};

interface Known {
  readonly span: string;
  readonly trace: string;
  readonly run: string;
  readonly root: string;
  readonly statement: string;
}

/** Of the middle of the smaller table. */
const known = async (): Promise<Known> => {
  const result = await store.client.query({
    query: `SELECT SpanId AS span, TraceId AS trace, toString(RunId) AS run, toString(RootRunId) AS root,
        toString(StatementHash) AS statement
      FROM otel_traces WHERE RowNumber = 25071`,
    format: 'JSONEachRow',
  });
  const [one] = await result.json<Known>();
  return one!;
};

const LOOKUPS: Readonly<Record<string, (known: Known) => Promise<unknown>>> = {
  'a span by its id': ({ span }) => readers.actions.bySpan({ spanId: span }),
  'a span of a trace': ({ span, trace }) => readers.actions.bySpan({ spanId: span, traceId: trace }),
  'a span that is not there': () => readers.actions.bySpan({ spanId: 'f'.repeat(16) }),
  'spans of a trace': ({ span, trace }) => readers.actions.bySpans(trace, [span, 'e'.repeat(16)]),
  'the outline of a trace': ({ trace }) => readers.actions.outline(trace, 1000),
  'a trace that is not there': () => readers.actions.outline(TRACE, 1000),
  'the span that opens a run': ({ run }) => readers.actions.openingOf(run),
  'the first of a run': ({ run }) => readers.actions.firstOf(run),
  'what a root did': ({ root }) => readers.actions.below({ id: root, rootId: root }, 1000),
  'what a run below did': ({ run, root }) => readers.actions.below({ id: run, rootId: root }, 1000),
  'totals of a root': ({ root }) => readers.actions.totalsBelow({ id: root, rootId: root }),
  'a run by its id': ({ run }) => readers.runs.byId(run),
  'runs below a root': ({ root }) => readers.runs.below({ id: root, rootId: root }, 100),
  'children of a run': ({ root }) => readers.runs.children({ id: root, rootId: root }, 100),
  'effects of a span': ({ span, trace }) => readers.causes.effectsOf({ spanId: span, traceId: trace }, 10),
  'causes of a span': ({ span, trace }) => readers.causes.causesOf({ spanId: span, traceId: trace }, 10),
  'the oldest record': () => readers.actions.since(),
  'the history of a target': () =>
    readers.actions.search({ filter: { wholeTarget: 'postgresql://db/t7' }, limit: 10 }),
  'the history of a target, from then on': () =>
    readers.actions.search({
      filter: { wholeTarget: 'postgresql://db/t7', toNanos: 1_790_000_025_000_000_000n },
      limit: 10,
    }),
  'the history of a statement': ({ statement }) =>
    readers.actions.search({ filter: { statementHash: statement }, limit: 10 }),
  'a principal': () => readers.principals.byId(PRINCIPAL),
  'what a principal is made of': () => readers.principals.profile(PRINCIPAL, 10),
  'the footprint of a principal': () => readers.principals.footprint(PRINCIPAL, { limit: 10 }),
  'the hours of a principal': () => readers.principals.activity(PRINCIPAL, { every: 'hour', ...HOURS }),
  'the coverage of a principal': () =>
    readers.coverage.read({ by: [], filter: { principal: PRINCIPAL }, limit: 10, ...HOURS }),
  'all actions of a run': ({ run }) => readers.actions.search({ filter: { runId: run }, limit: 10 }),
};

const UNINDEXED: Statement = { query: 'SELECT SpanId FROM otel_traces WHERE Duration = 0' };

const readBy = async (lookup: (known: Known) => Promise<unknown>, of: Known): Promise<number> => {
  statements.length = 0;
  await lookup(of);
  expect(statements.length).toBeGreaterThan(0);
  let rows = 0;
  for (const statement of [...statements]) rows += await rowsPlanned(statement);
  return rows;
};

describe('rows read', () => {
  test('do not grow with the table', async () => {
    await fill(0, SMALL);
    const of = await known();
    const small = new Map<string, number>();
    for (const [name, lookup] of Object.entries(LOOKUPS)) small.set(name, await readBy(lookup, of));
    await fill(SMALL, LARGE);
    // What no index answers is seen to grow: the measure is one.
    expect(await rowsPlanned(UNINDEXED)).toBeGreaterThan(LARGE * 0.9);
    const grown: Record<string, string> = {};
    for (const [name, lookup] of Object.entries(LOOKUPS)) {
      const before = small.get(name)!;
      const after = await readBy(lookup, of);
      // A look-up may meet the border of one more granule, in each of the places where it reads.
      if (after > before * 2 + 4 * GRANULE) grown[name] = `${before} of ${SMALL}, ${after} of ${LARGE}`;
    }
    expect(grown).toEqual({});
  }, 120_000);
});
