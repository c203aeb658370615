import { IS_ACTION } from './action-row.ts';
import type { ReachedRuns } from './reached-runs.ts';

/**
 * What reached runs did: rows of `otel_traces` by their run, each span once. A record is received after its run began,
 * but for a clock that is off by less than a day: days before are not read.
 */
export const actionsOf = ({ sql, since }: ReachedRuns): string => `
  SELECT RunId, Assurance, ServiceName, System, Operation, Target, StatusCode, Timestamp FROM otel_traces
  WHERE TenantId = {tenant:String} AND Assurance != 'refuted' AND ${IS_ACTION}
    AND toDate(ReceivedAt) >= toDate(${since} - INTERVAL 1 DAY)
    AND RunKey IN (SELECT toUInt128(RunId) FROM (${sql}))
  LIMIT 1 BY TraceId, SpanId`;
