import {
  type Arrivals,
  type Attribution,
  type Between,
  type Inherited,
  type Readers,
  type Store,
  StoreError,
  spanKey,
  writeAttributions,
} from '@whence/store';
import { ROWS_AT_ONCE } from './gather.ts';
import { saysTheSame } from './naming.ts';
import { isOfAbsence, type Reason } from './verdict.ts';
import type { WatchedAlready } from './watched-already.ts';
import { type TracesWorkedOut, type WorkedOut, workOut } from './work-out.ts';

/** What working out traces of one tenant takes. */
export interface Resolving {
  readonly store: Store;
  readonly tenant: string;
  readonly readers: Readers;
  readonly arrivals: Arrivals;
  readonly watched: WatchedAlready;
}

export interface Resolved {
  readonly traces: number;
  /** Actions that are attributed now and were not before, or to somebody else. */
  attributed: number;
  withdrawn: number;
  /** Actions that nobody is named for, by why. */
  readonly notInherited: Map<Reason, number>;
  /** Traces that the store would not give: each is looked at again once something of it arrives. */
  readonly unreadable: { readonly traceId: string; readonly error: StoreError }[];
}

const TRACES_AT_ONCE = 100;
/** How often traces are worked out at once when another service writes of them at the same time. */
const ROUNDS = 3;

/**
 * Works out traces of one tenant, and writes down what is new.
 *
 * Several services may do that at once. What was written before is read first, then the records, and what is new
 * counts from before that reading: an answer from older records never takes the place of one from newer. Where another
 * service has written of the same traces meanwhile, they are worked out once more.
 *
 * @param alsoBetween moments of what has just arrived.
 * @throws StoreError `store_unavailable`.
 */
export const resolveTraces = async (
  resolving: Resolving,
  traceIds: readonly string[],
  alsoBetween?: Between,
): Promise<Resolved> => {
  const resolved: Resolved = {
    traces: traceIds.length,
    attributed: 0,
    withdrawn: 0,
    notInherited: new Map(),
    unreadable: [],
  };
  const batches: (readonly string[])[] = [];
  for (let from = 0; from < traceIds.length; from += TRACES_AT_ONCE) {
    batches.push(traceIds.slice(from, from + TRACES_AT_ONCE));
  }
  for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
    try {
      const hopeful = await resolving.readers.evidence.hopefulOf(batch, alsoBetween);
      for (let some = packed(hopeful); some.length > 0; some = some.slice(1)) {
        batches.unshift(...(await resolveBatch(resolving, some[0]!, resolved, alsoBetween)));
      }
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'store_refused') throw error;
      if (batch.length > 1) batches.unshift(...halves(batch));
      else resolved.unreadable.push({ traceId: batch[0] ?? '', error });
    }
  }
  return resolved;
};

/** @returns what there was no room for. */
const resolveBatch = async (
  resolving: Resolving,
  traceIds: readonly string[],
  resolved: Resolved,
  alsoBetween: Between | undefined,
): Promise<readonly (readonly string[])[]> => {
  const { store, tenant, readers, arrivals } = resolving;
  let left = traceIds;
  for (let round = 1; left.length > 0; round += 1) {
    const knownAtMicros = await arrivals.now();
    const before = await readers.attributions.ofTraces(left);
    const worked = await workOutWatched(resolving, left, alsoBetween);
    if (worked.gathered.isCut && left.length > 1) return halves(left);
    const { rest } = worked.gathered;
    if (round === 1) count(resolved, worked.actions);

    const news = newsOf(before, worked.actions, knownAtMicros);
    if (news.length === 0) return rest.length === 0 ? [] : [rest];
    await writeAttributions(store, tenant, news);
    resolved.attributed += news.filter(({ inherited }) => inherited !== undefined).length;
    resolved.withdrawn += news.filter(({ inherited }) => inherited === undefined).length;

    const changed = [...new Set(news.map(({ traceId }) => traceId))];
    left = await writtenMeanwhile(readers, changed, [...before, ...news]);
    if (rest.length > 0 || round === ROUNDS) return [rest, left].filter((ids) => ids.length > 0);
  }
  return [];
};

/** What these traces depend on is watched before it is read, so that nothing that arrives in between is missed. */
const workOutWatched = async (
  { tenant, readers, arrivals, watched }: Resolving,
  traceIds: readonly string[],
  alsoBetween: Between | undefined,
): Promise<TracesWorkedOut> => {
  const said = new Set<string>();
  for (;;) {
    const worked = await workOut(readers, traceIds, alsoBetween);
    const unwatched = watched
      .without(tenant, dependenciesOf(worked))
      .filter((each) => !said.has(`${each.traceId} ${each.watched}`));
    if (unwatched.length === 0) return worked;
    await arrivals.watch(tenant, unwatched);
    watched.add(tenant, unwatched);
    for (const each of unwatched) said.add(`${each.traceId} ${each.watched}`);
  }
};

/** Of each trace every one that it leads to over links, and every run whose record is missing. */
const dependenciesOf = ({
  gathered,
  actions,
  runsMissing,
}: TracesWorkedOut): readonly { readonly traceId: string; readonly watched: string }[] => {
  const linked = Map.groupBy(gathered.linked, ([from]) => from);
  const traces = gathered.traceIds.flatMap((traceId) => {
    const reached = new Set([traceId]);
    for (const from of reached) for (const [, to] of linked.get(from) ?? []) reached.add(to);
    reached.delete(traceId);
    return [...reached].map((watched) => ({ traceId, watched }));
  });
  const missing = new Set(runsMissing);
  const runs = actions.flatMap(({ span, outcome }) =>
    outcome.status === 'inherited' && missing.has(outcome.inherited.runId)
      ? [{ traceId: span.traceId, watched: outcome.inherited.runId }]
      : [],
  );
  return [...traces, ...runs];
};

/** Records go after their time, runs later than spans. What is no longer held takes nothing back. */
const newsOf = (
  before: readonly Attribution[],
  actions: readonly WorkedOut[],
  knownAtMicros: bigint,
): readonly Attribution[] => {
  const known = new Map<string, Inherited | undefined>();
  for (const attribution of before) {
    const key = spanKey(attribution);
    if (!known.has(key)) known.set(key, attribution.inherited);
  }
  return actions.flatMap(({ span, outcome }) => {
    const former = known.get(spanKey(span));
    const inherited = outcome.status === 'inherited' ? outcome.inherited : undefined;
    if (outcome.status === 'not_inherited' && isOfAbsence(outcome.because)) return [];
    if (saysTheSame(former, inherited)) return [];
    const { traceId, spanId, facts } = span;
    return [{ traceId, spanId, knownAtMicros, facts, ...(inherited === undefined ? {} : { inherited }) }];
  });
};

/** Traces of which there is more than what was known and what was just written. */
const writtenMeanwhile = async (
  readers: Readers,
  traceIds: readonly string[],
  known: readonly Attribution[],
): Promise<readonly string[]> => {
  const seen = new Set(known.map(placeOf));
  const now = await readers.attributions.ofTraces(traceIds);
  return [...new Set(now.filter((each) => !seen.has(placeOf(each))).map(({ traceId }) => traceId))];
};

const placeOf = (attribution: Attribution): string => `${spanKey(attribution)} ${attribution.knownAtMicros}`;

const count = ({ notInherited }: Resolved, actions: readonly WorkedOut[]): void => {
  for (const { outcome } of actions) {
    if (outcome.status === 'not_inherited') {
      notInherited.set(outcome.because, (notInherited.get(outcome.because) ?? 0) + 1);
    }
  }
};

/** Together as many as fit into memory; one that does not on its own. */
const packed = (traces: readonly { traceId: string; rows: number }[]): readonly (readonly string[])[] => {
  const batches: string[][] = [];
  let held = 0;
  for (const { traceId, rows } of traces) {
    const last = batches.at(-1);
    if (last === undefined || held + rows > ROWS_AT_ONCE) {
      batches.push([traceId]);
      held = rows;
    } else {
      last.push(traceId);
      held += rows;
    }
  }
  return batches;
};

const halves = (ids: readonly string[]): readonly (readonly string[])[] => [
  ids.slice(0, ids.length >> 1),
  ids.slice(ids.length >> 1),
];
