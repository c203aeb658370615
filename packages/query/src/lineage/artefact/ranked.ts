import { spanKey, type TouchingAction } from '@whence/store';
import { type Effect, effectOf } from './operation-effect.ts';

/** What is looked for. */
export interface Sought {
  /** The moment that somebody knows of, nanoseconds since the epoch. Absent: the last time. */
  readonly atNanos?: bigint;
  /** The target as it was asked for. Absent: a statement was. */
  readonly target?: string;
}

/** What is ranked: a record, or what is known of one. */
export interface Candidate {
  readonly action: TouchingAction;
}

export interface Ranked<Of extends Candidate> {
  readonly record: Of;
  /** What speaks for it, and against: for people. */
  readonly why: readonly string[];
}

interface Judged<Of extends Candidate> extends Ranked<Of> {
  readonly rank: readonly number[];
}

/**
 * Actions that may have done it, the likeliest first. What counts, in this order: that it changes what it is done to;
 * that it did not fail; that it was done to the very target, not to something below it; how near it was to the moment,
 * where what had ended by then goes before what began after it; how sure it is who did it. The same action as another
 * party saw it is no further candidate.
 */
export const rankedCandidates = <Of extends Candidate>(
  records: readonly Of[],
  sought: Sought,
): readonly Ranked<Of>[] =>
  withoutEchoes(records)
    .map((record) => judged(record, sought))
    .sort((a, b) => compare(a.rank, b.rank))
    .map(({ record, why }) => ({ record, why }));

/** Records of one action by several parties: a span below another that says the same. The upper one stays. */
const withoutEchoes = <Of extends Candidate>(records: readonly Of[]): readonly Of[] => {
  const byKey = new Map(records.map((record) => [spanKey(record.action), record]));
  return records.filter(({ action }) => {
    if (action.parentSpanId === undefined) return true;
    const above = byKey.get(spanKey({ traceId: action.traceId, spanId: action.parentSpanId }));
    return above?.action.target !== action.target || above?.action.operation !== action.operation;
  });
};

const judged = <Of extends Candidate>(record: Of, { atNanos, target }: Sought): Judged<Of> => {
  const { action } = record;
  const effect = effectOf(action.operation);
  const time = atNanos === undefined ? lastTime(action.startTime) : nearness(record, atNanos);
  const isVery = target === undefined || action.target === target;
  return {
    record,
    rank: [
      EFFECT_RANK[effect],
      Number(action.status === 'error'),
      Number(!isVery),
      ...time.rank,
      ASSURANCE_RANK[action.assurance],
    ],
    why: [
      EFFECT_SAYS[effect](action.operation),
      ...(action.status === 'error' ? ['It failed, so that it may have changed nothing.'] : []),
      ...(isVery ? [] : [`It was done to ${action.target}, which only begins with what was asked for.`]),
      ...time.why,
      ...(action.assurance === 'verified' || action.assurance === 'inherited'
        ? []
        : [`Who did it is not proven (${action.assurance}).`]),
    ],
  };
};

const EFFECT_RANK: Readonly<Record<Effect, number>> = { changes: 0, unknown: 1, reads: 2 };

const EFFECT_SAYS: Readonly<Record<Effect, (operation: string | undefined) => string>> = {
  changes: (operation) => `${operation} changes what it is done to.`,
  reads: (operation) => `${operation} only reads.`,
  unknown: (operation) => `Whether ${operation ?? 'it'} changes anything is not known.`,
};

const ASSURANCE_RANK = { verified: 0, inherited: 1, asserted: 2, none: 3, refuted: 4 } as const;

interface Nearness {
  /** Smaller is nearer. */
  readonly rank: readonly number[];
  readonly why: readonly string[];
}

const NANOS_PER_MILLI = 1_000_000n;

const nearness = ({ action }: Candidate, at: bigint): Nearness => {
  const start = startOf(action.startTime);
  const end = start + BigInt(action.durationNanos);
  if (start <= at && at <= end)
    return { rank: [0, Number(end - at)], why: ['It was under way at that moment.'] };
  if (end < at) return { rank: [1, Number(at - end)], why: [`It had ended ${span(at - end)} before.`] };
  return {
    rank: [2, Number(start - at)],
    why: [`It began ${span(start - at)} after: it can have done it only if the clocks differ by that.`],
  };
};

const lastTime = (startTime: string): Nearness => ({ rank: [-Number(startOf(startTime))], why: [] });

const startOf = (time: string): bigint =>
  BigInt(Date.parse(`${time.slice(0, 19)}Z`)) * NANOS_PER_MILLI + BigInt(time.slice(20, 29));

const UNITS = [
  ['h', 3_600_000_000_000n],
  ['min', 60_000_000_000n],
  ['s', 1_000_000_000n],
  ['ms', NANOS_PER_MILLI],
] as const;

const span = (nanos: bigint): string => {
  const [unit, size] = UNITS.find(([, of]) => nanos >= of) ?? ['ms', NANOS_PER_MILLI];
  return `${(Number((nanos * 10n) / size) / 10).toString()} ${unit}`;
};

const compare = (a: readonly number[], b: readonly number[]): number => {
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? 0;
    if (value !== other) return value - other;
  }
  return 0;
};
