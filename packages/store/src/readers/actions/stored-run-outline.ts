import { type Assurance, WHENCE } from '@whence/model';
import type { RunScope } from '../runs/run-reader.ts';
import { ZERO_UUID } from '../runs/run-row.ts';
import { branchOf } from '../runs/run-tree-rows.ts';
import { formatNanos } from '../statements/rfc3339.ts';
import { type Selection, selectTuples } from '../statements/select.ts';
import { causeLinksOf, spanKindOf, statusOf } from './action-row.ts';
import type { OutlinedAction, OutlineFound } from './outlined-action.ts';
import { isElsewhere, withoutMarksOfEnded } from './what-belongs-below.ts';

/** Narrow, and as tuples: there may be a quarter of a million. */
const OUTLINE_COLUMNS = `
    TraceId, SpanId, ParentSpanId, toString(toUnixTimestamp64Nano(Timestamp)), SpanKind, System, ServiceName, StatusCode,
    RunId, RootRunId, Assurance,
    lower(SpanAttributes['${WHENCE.runId.key}']), SpanAttributes['${WHENCE.openAction.key}'],
    \`Links.TraceId\`, \`Links.SpanId\`, arrayMap(attributes -> attributes['${WHENCE.cause.key}'], \`Links.Attributes\`)`;

type OutlineTuple = readonly [
  traceId: string,
  spanId: string,
  parentSpanId: string,
  startNanos: string,
  kind: string,
  system: string,
  service: string,
  status: string,
  runId: string,
  rootRunId: string,
  assurance: Assurance,
  opens: string,
  marksOpen: string,
  linkTraceIds: readonly string[],
  linkSpanIds: readonly string[],
  linkKinds: readonly string[],
];

/** What a run and all runs below it did, each span once: a verified record before a claimed one, then the first received. */
export const outlineOfRuns = async (
  selection: Selection,
  scope: RunScope,
  limit: number,
): Promise<OutlineFound> => {
  const branch = await branchOf(selection, scope);
  const tuples = await selectTuples<OutlineTuple>(
    selection,
    `SELECT ${OUTLINE_COLUMNS} FROM otel_traces
     WHERE TenantId = {tenant:String} AND Assurance != 'refuted' AND ${branch.actions}
     ORDER BY Assurance = 'asserted', ReceivedAt, BatchId, RowNumber LIMIT 1 BY TraceId, SpanId LIMIT {limit:UInt32}`,
    { ...branch.parameters, limit: limit + 1 },
  );
  const belonging = tuples
    .slice(0, limit)
    .map(outlinedActionOf)
    .filter(({ action }) => !isElsewhere(action, scope));
  return { actions: withoutMarksOfEnded(belonging), truncated: tuples.length > limit };
};

const outlinedActionOf = ([
  traceId,
  spanId,
  parentSpanId,
  startNanos,
  kind,
  system,
  service,
  status,
  runId,
  rootRunId,
  assurance,
  opens,
  marksOpen,
  linkTraceIds,
  linkSpanIds,
  linkKinds,
]: OutlineTuple): OutlinedAction => ({
  action: {
    traceId,
    spanId,
    ...(parentSpanId === '' ? {} : { parentSpanId }),
    startTime: formatNanos(BigInt(startNanos)),
    kind: spanKindOf(kind),
    ...(system === '' ? {} : { system }),
    ...(service === '' ? {} : { service }),
    status: statusOf(status),
    ...(runId === ZERO_UUID ? {} : { runId }),
    ...(rootRunId === ZERO_UUID ? {} : { rootRunId }),
    assurance,
  },
  ...(opens !== '' && opens === runId ? { opensRunId: opens } : {}),
  links: causeLinksOf(linkTraceIds, linkSpanIds, linkKinds),
  ...(marksOpen === '' ? {} : { marksOpen }),
});
