import type { Engine } from '../stage/engine.ts';
import type { Plan } from '../work/plan.ts';
import { type Place, shapeOf } from '../work/truth.ts';

/** Ids as SQL expressions of numbers: rows and questions are made of the same ones. */

export const hashOf = (...parts: readonly (string | number)[]): string => `cityHash64(${parts.join(', ')})`;

const hexOf = (number: string): string => `lower(hex(reinterpretAsFixedString(${number})))`;

export const traceId = (seed: number, execution: string, trace: string): string =>
  `lower(hex(sipHash128(${seed}, ${execution}, toUInt32(${trace}))))`;

export const spanId = (seed: number, execution: string, span: string): string =>
  hexOf(hashOf(seed, `'span'`, execution, `toUInt32(${span})`));

/** A UUIDv7: the first 64 bits. `startMicros`: of the run, as drawn up. */
export const runIdHigh = (seed: number, execution: string, run: string, startMicros: string): string =>
  `bitOr(bitShiftLeft(toUInt64(StartMillis + intDiv(toUInt64(${startMicros}) * Stretch, 1000000)), 16),
     bitOr(toUInt64(28672), bitAnd(${hashOf(seed, `'run'`, execution, `toUInt32(${run})`)}, 4095)))`;

/** The last 64 bits. */
export const runIdLow = (seed: number, execution: string, run: string): string =>
  `bitOr(bitShiftLeft(toUInt64(2), 62), bitShiftRight(${hashOf(seed, `'low'`, execution, `toUInt32(${run})`)}, 2))`;

export const uuidOf = (high: string, low: string): string =>
  `reinterpret(bitOr(bitShiftLeft(toUInt128(${low}), 64), toUInt128(${high})), 'UUID')`;

export const ZERO_UUID = `toUUID('00000000-0000-0000-0000-000000000000')`;

export interface Ids {
  readonly trace: string;
  readonly span: string;
  /** Of the run that the span belongs to; absent: none. */
  readonly run?: string;
}

/** The ids of some places, in their order: the engine works them out, from no table. */
export const idsOf = async (
  engine: Engine,
  plan: Plan,
  places: readonly (Place & { readonly run?: number })[],
): Promise<readonly Ids[]> => {
  const rows = places.map(({ execution, span, run }) => {
    const { spans, runs } = shapeOf(plan, execution);
    const of = run ?? spans.run[span]!;
    const start = runs[of]?.startMicros ?? 0;
    const { startMillis, stretch } = plan.executions;
    return [
      execution,
      span,
      spans.trace[span],
      Math.max(0, of),
      start,
      startMillis[execution],
      stretch[execution],
      of >= 0 ? 1 : 0,
    ];
  });
  const found: Ids[] = [];
  const AT_ONCE = 500;
  for (let from = 0; from < rows.length; from += AT_ONCE) {
    const some = rows.slice(from, from + AT_ONCE).map((row) => `(${row.join(',')})`);
    const answers = await engine.rows<{ trace: string; span: string; run: string; has: number }>(
      `SELECT ${traceId(plan.seed, 'Execution', 'Trace')} AS trace, ${spanId(plan.seed, 'Execution', 'Span')} AS span,
         toString(${uuidOf(runIdHigh(plan.seed, 'Execution', 'Run', 'RunStart'), runIdLow(plan.seed, 'Execution', 'Run'))}) AS run,
         Has AS has
       FROM values('Place UInt32, Execution UInt32, Span UInt32, Trace UInt32, Run UInt32, RunStart UInt64,
         StartMillis UInt64, Stretch UInt16, Has UInt8', ${some.map((row, index) => `(${index},${row.slice(1)}`).join(',')})
       ORDER BY Place`,
    );
    for (const { trace, span, run, has } of answers)
      found.push({ trace, span, ...(has === 1 ? { run } : {}) });
  }
  return found;
};
