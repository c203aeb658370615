import type { Condition } from '../readers/actions/action-filter.ts';
import { conditionOf } from '../readers/actions/action-filter.ts';
import type { ActionFilter, ActionPosition } from '../readers/actions/action-reader.ts';
import type { RunScope } from '../readers/runs/run-reader.ts';
import { ZERO_UUID } from '../readers/runs/run-row.ts';
import { nearRun, runParameters } from '../readers/runs/run-tree-rows.ts';
import { asSettings, BY_ID, OF_TENANT } from '../readers/statements/select.ts';

/** Rows of `attributions` by what they repeat of the action: the columns have the names that they have there. */
export const attributionsMatching = (filter: ActionFilter, after: ActionPosition | undefined): Condition => {
  const { text: _, assurance: __, statementHash: ___, rootRunId, runId, ...told } = filter;
  const condition = conditionOf(told);
  const root = rootRunId === undefined ? undefined : attributionsBelow({ id: rootRunId, rootId: rootRunId });
  return {
    sql: [
      condition.sql,
      ...(runId === undefined ? [] : ['RunId = {runId:UUID}']),
      ...(root === undefined ? [] : [root.sql]),
      ...(after === undefined ? [] : [BEFORE]),
    ].join(' AND '),
    parameters: {
      ...condition.parameters,
      ...(runId === undefined ? {} : { runId }),
      ...root?.parameters,
      ...positionParameters(after),
    },
  };
};

const BEFORE = `Timestamp <= fromUnixTimestamp64Nano({afterNanos:Int64})
  AND (Timestamp, TraceId, SpanId) < (fromUnixTimestamp64Nano({afterNanos:Int64}), {afterTrace:String}, {afterSpan:String})`;

const positionParameters = (after: ActionPosition | undefined): Condition['parameters'] =>
  after === undefined
    ? {}
    : { afterNanos: after.startNanos.toString(), afterTrace: after.traceId, afterSpan: after.spanId };

/** Rows that came before the record of their run know only the run. */
export const attributionsBelow = (scope: RunScope): Condition => ({
  sql: `TenantId = {tenant:String} AND (${nearRun(scope)} OR RootRunId = toUUID('${ZERO_UUID}') AND (
    RunId = {run:UUID} OR RunId IN (SELECT RunId FROM runs WHERE ${OF_TENANT} AND ${nearRun(scope)} ${asSettings(BY_ID)})))`,
  parameters: runParameters(scope),
});

/** Of each span that meets the condition what is known of it now, where that still meets it. */
export const currentWhere = (condition: string): string => `(
  SELECT * FROM (
    SELECT * FROM attributions
    WHERE TenantId = {tenant:String} AND (TraceId, SpanId) IN (SELECT TraceId, SpanId FROM attributions WHERE ${condition})
    ORDER BY ${NEWEST_KNOWN} LIMIT 1 BY TraceId, SpanId)
  WHERE Assurance = 'inherited' AND ${condition})`;

/** Two that were worked out in one microsecond are told apart by what they say, so that everybody picks the same. */
export const NEWEST_KNOWN =
  'TraceId, SpanId, KnownAt DESC, Assurance, RunId, PrincipalId, ViaTraceId, ViaSpanId, Hops';
