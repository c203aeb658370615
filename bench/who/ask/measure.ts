import { quantile, rounded } from '../../stage/figures.ts';
import { canReadUsage, usageOf } from '../../stage/process-usage.ts';
import type { EngineCounters, ReadCounts } from '../stage/engine-counters.ts';

export interface Measured {
  readonly asked: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the engine and of who asks it, mean: says more than the time where others are at work. Null: cannot be read here. */
  readonly cpuMs: number | null;
  /** Medians of what the engine read for one question. */
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly fileBytesRead: number;
  readonly rowsReadP99: number;
  readonly statements: number;
}

interface Asked {
  readonly millis: number;
  readonly read: ReadCounts;
}

/** What is looked at while questions are asked. */
export interface Observed {
  readonly counters: EngineCounters;
  /** Processes that answer. */
  readonly pids: readonly number[];
}

/**
 * Asks one after the other. Each question is new: what an engine keeps of answers helps nobody. The clock runs from the
 * request to the last byte of the answer.
 */
export const measure = async <Question>(
  { counters, pids }: Observed,
  questions: readonly Question[],
  ask: (question: Question) => Promise<void>,
  before: () => Promise<void> = async () => {},
): Promise<Measured> => {
  const asked: Asked[] = [];
  let cpuMicros = 0;
  const cpu = (): number => (canReadUsage() ? pids.reduce((sum, pid) => sum + usageOf(pid).cpuMicros, 0) : 0);
  for (const question of questions) {
    await before();
    const { result, read } = await counters.during(async () => {
      const cpuBefore = cpu();
      const startedAt = performance.now();
      await ask(question);
      const millis = performance.now() - startedAt;
      cpuMicros += cpu() - cpuBefore;
      return millis;
    });
    asked.push({ millis: result, read });
  }
  const of = (value: (asked: Asked) => number, share: number): number => quantile(asked.map(value), share);
  return {
    asked: asked.length,
    p50Ms: rounded(
      of(({ millis }) => millis, 0.5),
      1,
    ),
    p99Ms: rounded(
      of(({ millis }) => millis, 0.99),
      1,
    ),
    cpuMs: canReadUsage() ? rounded(cpuMicros / 1000 / asked.length, 1) : null,
    rowsRead: of(({ read }) => read.rows, 0.5),
    bytesRead: of(({ read }) => read.bytes, 0.5),
    fileBytesRead: of(({ read }) => read.fileBytes, 0.5),
    rowsReadP99: of(({ read }) => read.rows, 0.99),
    statements: of(({ read }) => read.statements, 0.5),
  };
};

export const lineOf = ({
  p50Ms,
  p99Ms,
  cpuMs,
  rowsRead,
  fileBytesRead,
  statements,
  asked,
}: Measured): string =>
  [
    `p50 ${p50Ms} ms, p99 ${p99Ms} ms`,
    ...(cpuMs === null ? [] : [`${cpuMs} ms of CPU`]),
    `${statements} statements, ${rowsRead} rows, ${Math.round(fileBytesRead / 1_000)} kB of files (${asked} asked)`,
  ].join(', ');
