import {
  type Arrivals,
  type Attribution,
  type EvidenceTable,
  type Inherited,
  type Readers,
  type Slice,
  type Store,
  StoreError,
  spanKey,
  type TraceSelection,
  writeAttributions,
} from '@whence/store';
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

/** Rows of several traces that are in memory together. */
const ROWS_TOGETHER = 30_000;
/** Ids in one statement. */
const IDS_AT_ONCE = 100;
/** How often the same traces are worked out in a row, before others have their turn. */
const ROUNDS = 4;

/** Traces that are worked out together. */
interface Batch {
  readonly ids: readonly string[];
  readonly selection: TraceSelection;
}

/**
 * Works out the traces of one tenant whose attributions what has arrived may change, and writes down what is new.
 *
 * Several services may do that at once. What is new counts from before its records were read, and after it was written
 * they are read once more: whatever has come in between, by whomever it was looked at, is so told last.
 *
 * @throws StoreError `store_unavailable`; `store_refused` where the store would not even say which traces these are.
 */
export const resolveTraces = async (resolving: Resolving, slice: Slice<EvidenceTable>): Promise<Resolved> => {
  const { evidence } = resolving.readers;
  const hopeful = await evidence.hopefulOf({ by: 'arrival', slice });
  const resolved: Resolved = {
    traces: hopeful.length,
    attributed: 0,
    withdrawn: 0,
    notInherited: new Map(),
    unreadable: [],
  };
  const batches = packed(hopeful, slice);
  for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
    try {
      batches.unshift(...(await resolveBatch(resolving, batch, resolved)));
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'store_refused') throw error;
      if (batch.ids.length > 1) batches.unshift(...smaller(batch.ids));
      else resolved.unreadable.push({ traceId: batch.ids[0] ?? '', error });
    }
  }
  return resolved;
};

/** @returns what is to be done again. */
const resolveBatch = async (
  resolving: Resolving,
  { ids, selection }: Batch,
  resolved: Resolved,
): Promise<readonly Batch[]> => {
  const { store, tenant, readers, arrivals } = resolving;
  let traces = selection;
  for (let round = 1; ; round += 1) {
    const knownAtMicros = await arrivals.now();
    const before = await readers.attributions.ofTraces(traces);
    const worked = await workOutWatched(resolving, traces);
    if (worked.gathered.isCut && ids.length > 1) return smaller(ids);
    if (round === 1) count(resolved, worked.actions);

    const news = newsOf(before, worked.actions, knownAtMicros);
    if (news.length === 0) return [];
    await writeAttributions(store, tenant, news);
    resolved.attributed += news.filter(({ inherited }) => inherited !== undefined).length;
    resolved.withdrawn += news.filter(({ inherited }) => inherited === undefined).length;

    const changed = [...new Set(news.map(({ traceId }) => traceId))];
    if (round === ROUNDS) return byId(changed);
    if (changed.length <= IDS_AT_ONCE) traces = { by: 'id', ids: changed };
  }
};

/** What these traces depend on is watched before it is read, so that nothing that arrives in between is missed. */
const workOutWatched = async (
  { tenant, readers, arrivals, watched }: Resolving,
  traces: TraceSelection,
): Promise<TracesWorkedOut> => {
  const said = new Set<string>();
  for (;;) {
    const worked = await workOut(readers, traces);
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

const count = ({ notInherited }: Resolved, actions: readonly WorkedOut[]): void => {
  for (const { outcome } of actions) {
    if (outcome.status === 'not_inherited') {
      notInherited.set(outcome.because, (notInherited.get(outcome.because) ?? 0) + 1);
    }
  }
};

/** Together as many as are small enough; a large one by itself. Few are asked for by their ids. */
const packed = (
  traces: readonly { readonly traceId: string; readonly rows: number }[],
  slice: Slice<EvidenceTable>,
): Batch[] => {
  const groups: string[][] = [];
  let held = 0;
  for (const { traceId, rows } of traces) {
    const last = groups.at(-1);
    if (last === undefined || held + rows > ROWS_TOGETHER) {
      groups.push([traceId]);
      held = rows;
    } else {
      last.push(traceId);
      held += rows;
    }
  }
  return groups.map((ids) =>
    ids.length <= IDS_AT_ONCE
      ? { ids, selection: { by: 'id', ids } }
      : { ids, selection: { by: 'arrival', slice, range: { first: ids[0]!, last: ids.at(-1)! } } },
  );
};

const byId = (ids: readonly string[]): readonly Batch[] => {
  const batches: Batch[] = [];
  for (let from = 0; from < ids.length; from += IDS_AT_ONCE) {
    const some = ids.slice(from, from + IDS_AT_ONCE);
    batches.push({ ids: some, selection: { by: 'id', ids: some } });
  }
  return batches;
};

const smaller = (ids: readonly string[]): readonly Batch[] => {
  if (ids.length > IDS_AT_ONCE) return byId(ids);
  const half = ids.length >> 1;
  return [...byId(ids.slice(0, half)), ...byId(ids.slice(half))];
};
