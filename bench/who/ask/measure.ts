import { quantile, rounded } from '../../stage/figures.ts';
import type { EngineCounters, ReadCounts } from '../stage/engine-counters.ts';

export interface Measured {
  readonly asked: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Medians of what the engine read for one question. */
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly fileBytesRead: number;
  readonly rowsReadP99: number;
}

export interface Asked {
  readonly millis: number;
  readonly read: ReadCounts;
}

/**
 * Asks one after the other. Each question is new: what an engine keeps of answers helps nobody. The clock runs from the
 * request to the last byte of the answer.
 */
export const measure = async <Question>(
  counters: EngineCounters,
  questions: readonly Question[],
  ask: (question: Question) => Promise<void>,
  before: () => Promise<void> = async () => {},
): Promise<Measured> => {
  const asked: Asked[] = [];
  for (const question of questions) {
    await before();
    const { result, read } = await counters.during(async () => {
      const startedAt = performance.now();
      await ask(question);
      return performance.now() - startedAt;
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
    rowsRead: of(({ read }) => read.rows, 0.5),
    bytesRead: of(({ read }) => read.bytes, 0.5),
    fileBytesRead: of(({ read }) => read.fileBytes, 0.5),
    rowsReadP99: of(({ read }) => read.rows, 0.99),
  };
};
