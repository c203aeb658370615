import type { Engine } from '../stage/engine.ts';
import type { Plan } from '../work/plan.ts';
import { SPANS_PER_CHUNK } from './catalogue.ts';
import { RUN_COLUMNS, runSource } from './run-rows.ts';
import { type Batch, spanSource, WHENCE_COLUMNS } from './span-rows.ts';

/** Inserts a day: a day has parts of several ages, as it has with a collector. */
const BATCHES_PER_DAY = 24;
/** Of an insert: what a collector sends when it has much to send. */
const ROWS_PER_BATCH_MAX = 250_000;
const RUN_EXECUTIONS_PER_BATCH = 200_000;
/** Two, as the collector has under way. */
const AT_ONCE = 2;

/** Of reading the plan: few executions become many rows. */
const SETTINGS = { max_block_size: 256, max_execution_time: 0, max_threads: 1, async_insert: 0 };

export interface Filling {
  readonly table: string;
  /** Expressions on `spanSource`. */
  readonly columns: Readonly<Record<string, string>>;
  /** Columns of the table that are not among `columns` may stay empty. */
  readonly mayOmit?: boolean;
  readonly filled: (rows: number) => void;
}

/**
 * Fills a table with the plan's spans, in the order of time.
 * @throws Error where the table has a column that is not among `columns`, and has no value of its own
 */
export const fillSpans = async (
  engine: Engine,
  plan: Plan,
  { table, columns, mayOmit = false, filled }: Filling,
): Promise<void> => {
  const known = await columnsOf(engine, table, columns, mayOmit);
  const batches = batchesOf(plan);
  let next = 0;
  const fill = async (): Promise<void> => {
    while (next < batches.length) {
      const batch = batches[next++]!;
      await engine.run(
        `INSERT INTO ${table} (${Object.keys(known).join(', ')})
         SELECT ${Object.values(known).join(',\n')} FROM (${spanSource(plan, batch)})`,
        SETTINGS,
      );
      filled(batch.rows);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, fill));
};

export const fillWhence = async (
  engine: Engine,
  plan: Plan,
  filled: (rows: number) => void,
): Promise<void> => {
  const runs = await columnsOf(engine, 'runs', RUN_COLUMNS(plan.seed), false);
  for (let from = 0; from < plan.executions.count; from += RUN_EXECUTIONS_PER_BATCH) {
    await engine.run(
      `INSERT INTO runs (${Object.keys(runs).join(', ')})
       SELECT ${Object.values(runs).join(',\n')} FROM (${runSource(plan, from, from + RUN_EXECUTIONS_PER_BATCH)})`,
      { max_execution_time: 0 },
    );
  }
  await fillSpans(engine, plan, { table: 'otel_traces', columns: WHENCE_COLUMNS(plan.seed), filled });
};

interface SizedBatch extends Batch {
  readonly rows: number;
}

const batchesOf = ({ executions, shapes, actions, days }: Plan): readonly SizedBatch[] => {
  const most = Math.min(ROWS_PER_BATCH_MAX, Math.ceil(actions / days / BATCHES_PER_DAY));
  const batches: SizedBatch[] = [];
  let from = 0;
  let rows = 0;
  const close = (to: number): void => {
    if (rows > 0)
      batches.push({ fromExecution: from, toExecution: to, fromChunk: 0, toChunk: 1_000_000, rows });
    from = to;
    rows = 0;
  };
  for (let i = 0; i < executions.count; i++) {
    const size = shapes[executions.shape[i]!]!.spans.trace.length;
    if (size > ROWS_PER_BATCH_MAX) {
      close(i);
      const chunks = ROWS_PER_BATCH_MAX / SPANS_PER_CHUNK;
      for (let chunk = 0; chunk * SPANS_PER_CHUNK < size; chunk += chunks) {
        const part = Math.min(ROWS_PER_BATCH_MAX, size - chunk * SPANS_PER_CHUNK);
        const chunkRange = { fromChunk: chunk, toChunk: chunk + chunks };
        batches.push({ fromExecution: i, toExecution: i + 1, ...chunkRange, rows: part });
      }
      from = i + 1;
      continue;
    }
    rows += size;
    if (rows >= most) close(i + 1);
  }
  close(executions.count);
  return batches;
};

/** Of the columns that are known those that the table has. */
const columnsOf = async (
  engine: Engine,
  table: string,
  known: Readonly<Record<string, string>>,
  mayOmit: boolean,
): Promise<Readonly<Record<string, string>>> => {
  const described = await engine.rows<{ readonly name: string; readonly default_type: string }>(
    `DESCRIBE TABLE ${table}`,
  );
  const of = new Map(
    Object.entries(known).map(([name, expression]) => [name.replaceAll('`', ''), expression]),
  );
  const unknown = described.filter(({ name, default_type }) => default_type === '' && !of.has(name));
  if (unknown.length > 0 && !mayOmit) {
    const names = unknown.map(({ name }) => name).join(', ');
    throw new Error(`${table} has columns that the bench knows nothing to put in: ${names}`);
  }
  return Object.fromEntries(
    described
      .filter(
        ({ name, default_type }) =>
          default_type !== 'ALIAS' && default_type !== 'MATERIALIZED' && of.has(name),
      )
      .map(({ name }) => [`\`${name}\``, of.get(name)!]),
  );
};
