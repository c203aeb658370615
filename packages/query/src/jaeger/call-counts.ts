import { formatNanos, type Readers, type ServiceCalls, type SpansOfHour, StoreError } from '@whence/store';
import { withinStore } from './fields.ts';

const NANOS_PER_HOUR = 3_600_000_000_000n;
const NANOS_PER_DAY = 24n * NANOS_PER_HOUR;
/** Spans that are joined to their parents at once: some 200 MB in the store. */
const SPANS_AT_ONCE = 5_000_000;
/** After that, no more of the past is begun to be counted. */
const MILLIS_COUNTING = 8_000;
/** How long what was counted is taken as it is: of times that are over, and of those that still fill. */
const KEPT_MILLIS = { over: 3_600_000, filling: 60_000 };
/** Slices. */
const KEPT = 1_000;
/** More than two years in which something happened every hour. */
const HOURS_COUNTED = 20_000;
/** The store gave up, for time or memory. */
const TOO_HEAVY = /code (?:159|202|241):/;

export interface CallCounts {
  readonly calls: ServiceCalls['calls'];
  /** What is not counted, for people. */
  readonly warnings: readonly string[];
}

/** A time whose calls are counted as one, whole hours within one day. */
interface Slice {
  readonly from: bigint;
  readonly to: bigint;
}

interface Kept {
  readonly untilMillis: number;
  readonly counted: Promise<ServiceCalls>;
}

type CallCounter = (
  tenant: string,
  readers: Readers,
  fromNanos: bigint,
  toNanos: bigint,
) => Promise<CallCounts>;

/** Counts anew what it has not counted lately. */
export const callCounter = (): CallCounter => {
  const kept = new Map<string, Kept>();

  const callsIn = (tenant: string, readers: Readers, slice: Slice): Promise<ServiceCalls> => {
    const key = `${tenant}\0${slice.from}\0${slice.to}`;
    const known = kept.get(key);
    if (known !== undefined && known.untilMillis > Date.now()) return known.counted;
    const counted = readers.traces.calls(slice.from, slice.to);
    kept.delete(key);
    kept.set(key, { counted, untilMillis: Date.now() + keptMillis(slice) });
    counted.catch(() => kept.delete(key));
    const oldest = kept.keys().next();
    if (kept.size > KEPT && !oldest.done) kept.delete(oldest.value);
    return counted;
  };

  return async (tenant, readers, fromNanos, toNanos) => {
    const began = Date.now();
    const hours = await readers.traces.hours(
      fromHour(fromNanos),
      withinStore(toHour(toNanos)),
      HOURS_COUNTED,
    );
    const slices = slicesOf(hours);
    const found: ServiceCalls[] = [];
    for (const slice of slices) {
      if (Date.now() - began > MILLIS_COUNTING) break;
      const counted = await unlessTooHeavy(callsIn(tenant, readers, slice));
      if (counted === undefined) break;
      found.push(counted);
    }
    const next = slices[found.length];
    const unmatched = found.reduce((sum, counted) => sum + counted.unmatched, 0);
    return {
      calls: summed(found),
      warnings: [
        ...(next === undefined ? [] : [countedFrom(next.to)]),
        ...(next === undefined && hours.length === HOURS_COUNTED ? [countedFrom(hours.at(-1)!.nanos)] : []),
        ...(unmatched > 0 ? [notMatched(unmatched)] : []),
      ],
    };
  };
};

const fromHour = (nanos: bigint): bigint => nanos - rest(nanos);

/** The end of the hour that a moment lies in. */
const toHour = (nanos: bigint): bigint => (rest(nanos) === 0n ? nanos : fromHour(nanos) + NANOS_PER_HOUR);

const rest = (nanos: bigint): bigint => ((nanos % NANOS_PER_HOUR) + NANOS_PER_HOUR) % NANOS_PER_HOUR;

/** Hours of one day together, as long as they hold few enough spans. */
const slicesOf = (hours: readonly SpansOfHour[]): readonly Slice[] => {
  const slices: { from: bigint; to: bigint; spans: number }[] = [];
  for (const { nanos, spans } of hours) {
    const last = slices.at(-1);
    const isOfDay = last !== undefined && last.from / NANOS_PER_DAY === nanos / NANOS_PER_DAY;
    if (isOfDay && last.spans + spans <= SPANS_AT_ONCE) {
      last.from = nanos;
      last.spans += spans;
    } else slices.push({ from: nanos, to: nanos + NANOS_PER_HOUR, spans });
  }
  return slices;
};

const keptMillis = ({ to }: Slice): number => {
  const isOver = Number(to / 1_000_000n) + KEPT_MILLIS.over < Date.now();
  return isOver ? KEPT_MILLIS.over : KEPT_MILLIS.filling;
};

const unlessTooHeavy = async (counted: Promise<ServiceCalls>): Promise<ServiceCalls | undefined> => {
  try {
    return await counted;
  } catch (error) {
    if (error instanceof StoreError && TOO_HEAVY.test(error.message)) return undefined;
    throw error;
  }
};

const summed = (found: readonly ServiceCalls[]): ServiceCalls['calls'] => {
  const sums = new Map<string, ServiceCalls['calls'][number]>();
  for (const call of found.flatMap(({ calls }) => calls)) {
    const key = JSON.stringify([call.parent, call.child]);
    sums.set(key, { ...call, count: call.count + (sums.get(key)?.count ?? 0) });
  }
  return [...sums.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, call]) => call);
};

const countedFrom = (nanos: bigint): string =>
  `Calls are counted from ${formatNanos(nanos)} on: what began before would take too long. Ask for a shorter time.`;

const notMatched = (count: number): string =>
  `${count} ${count === 1 ? 'span is' : 'spans are'} not counted: the parent has not arrived, or began more than an hour before.`;
