import type { Condition } from '../readers/actions/action-filter.ts';
import { conditionOf } from '../readers/actions/action-filter.ts';
import type {
  ActionFilter,
  ActionPage,
  ActionPosition,
  ActionReader,
  ActionSearch,
} from '../readers/actions/action-reader.ts';
import type { RecordedAction } from '../readers/actions/recorded-action.ts';
import { parseRfc3339 } from '../readers/statements/rfc3339.ts';
import type { Selection } from '../readers/statements/select.ts';
import type { Attribution } from './attribution.ts';
import { attributionsMatching } from './attribution-filter.ts';
import type { AttributionReader } from './attribution-reader.ts';
import type { Overlay } from './overlay.ts';
import { recordsOfAttributions } from './records-of-attributions.ts';

/**
 * A page of two lists that are in the same order: actions that meet the filter by themselves, and those that meet it by
 * what they were attributed to. The page ends where either of them does, so that none is passed over; it may hold less
 * than was asked for, and still name a next one.
 */
export const searchAttributed = async (
  selection: Selection,
  actions: ActionReader,
  attributions: AttributionReader,
  overlay: Overlay,
  search: ActionSearch,
): Promise<ActionPage> => {
  const { filter, limit } = search;
  const [own, inherited] = await Promise.all([
    filter.assurance === 'inherited' ? NOTHING : actions.search(search),
    asksWho(filter) ? searchInherited(selection, attributions, overlay, search) : NOTHING,
  ]);
  const shown = (await overlay(own.records)).filter(
    ({ action }) => filter.assurance === undefined || action.assurance === filter.assurance,
  );
  const end = later(own.next, inherited.next);
  const merged = [...shown, ...inherited.records]
    .map((record) => ({ record, at: positionOf(record) }))
    .filter(({ at }) => end === undefined || compare(at, end) >= 0)
    .sort((a, b) => compare(b.at, a.at));
  const page: typeof merged = [];
  let spans = 0;
  for (const each of merged) {
    const last = page.at(-1);
    if (last === undefined || compare(each.at, last.at) !== 0) spans += 1;
    if (spans > limit) return { records: page.map(({ record }) => record), next: last!.at };
    page.push(each);
  }
  return { records: page.map(({ record }) => record), ...(end === undefined ? {} : { next: end }) };
};

const NOTHING: ActionPage = { records: [] };

/** Filters that an action without a reference can meet only by what it was attributed to. */
const asksWho = ({ assurance, principal, runId, rootRunId }: ActionFilter): boolean =>
  assurance === 'inherited' ||
  (assurance === undefined && [principal, runId, rootRunId].some((asked) => asked !== undefined));

/** Attributions that are looked through for one page: more than these leave the rest to the next. */
const LOOKED_THROUGH = 10_000;

const searchInherited = async (
  selection: Selection,
  attributions: AttributionReader,
  overlay: Overlay,
  { filter, limit, after }: ActionSearch,
): Promise<ActionPage> => {
  const meeting = conditionOfAction(filter);
  const most = meeting === undefined ? limit : LOOKED_THROUGH;
  const found = await attributions.search({
    filter,
    limit: most + 1,
    ...(after === undefined ? {} : { after }),
  });
  const looked = found.slice(0, most);
  const condition = attributionsMatching(filter, after);
  const records = await overlay(await recordsOfAttributions(selection, looked, condition, meeting), looked);
  const last = looked.at(-1);
  return {
    records: records.filter(({ action }) => names(action, filter)),
    ...(found.length > most && last !== undefined ? { next: positionOfAttribution(last) } : {}),
  };
};

/** What was attributed before its run's record was picked by any record of the run; only the best proven one names. */
const names = (action: RecordedAction['action'], { principal, rootRunId }: ActionFilter): boolean =>
  action.assurance === 'inherited' &&
  (principal === undefined || action.principal?.id === principal) &&
  (rootRunId === undefined || action.rootRunId === rootRunId || action.runId === rootRunId);

/** What attributions do not repeat of the action. The parameters keep the names that they have there, the tenant's among them. */
const conditionOfAction = ({ text, statementHash }: ActionFilter): Condition | undefined =>
  text === undefined && statementHash === undefined
    ? undefined
    : conditionOf({
        ...(text === undefined ? {} : { text }),
        ...(statementHash === undefined ? {} : { statementHash }),
      });

const positionOf = ({ action }: RecordedAction): ActionPosition => ({
  startNanos: parseRfc3339(action.startTime)!,
  traceId: action.traceId,
  spanId: action.spanId,
});

const positionOfAttribution = ({ facts, traceId, spanId }: Attribution): ActionPosition => ({
  startNanos: facts.startNanos,
  traceId,
  spanId,
});

const later = (a: ActionPosition | undefined, b: ActionPosition | undefined): ActionPosition | undefined =>
  a === undefined ? b : b === undefined ? a : compare(a, b) >= 0 ? a : b;

const compare = (a: ActionPosition, b: ActionPosition): number =>
  a.startNanos === b.startNanos
    ? compareText(a.traceId, b.traceId) || compareText(a.spanId, b.spanId)
    : a.startNanos < b.startNanos
      ? -1
      : 1;

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
