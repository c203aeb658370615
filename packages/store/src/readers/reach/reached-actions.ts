import { currentWhere } from '../../attributions/attribution-filter.ts';
import { IS_ACTION } from '../actions/action-row.ts';
import { ZERO_UUID } from '../runs/run-row.ts';
import type { ReachedRuns } from './reached-runs.ts';

const COLUMNS = 'RunId, Assurance, ServiceName, System, Operation, Target, StatusCode, Timestamp';

/**
 * What reached runs did, each span once, by their run: as it was received, and what is inherited by now. A record is
 * received after its run began, but for a clock that is off by less than a day: days before are not read.
 */
export const actionsOf = (reached: ReachedRuns): string => `
  ${receivedOf(reached)} UNION ALL ${inheritedOf(reached)}`;

const receivedOf = ({ sql, since }: ReachedRuns): string => `
  SELECT ${COLUMNS} FROM otel_traces
  WHERE TenantId = {tenant:String} AND Assurance != 'refuted' AND ${IS_ACTION}
    AND toDate(ReceivedAt) >= toDate(${since} - INTERVAL 1 DAY)
    AND RunKey IN (SELECT toUInt128(RunId) FROM (${sql}))
  LIMIT 1 BY TraceId, SpanId`;

/** What was attributed before the record of its run came knows no root. */
const inheritedOf = ({ sql, roots }: ReachedRuns): string => `
  SELECT ${COLUMNS} FROM ${currentWhere(`TenantId = {tenant:String}
    AND (RootRunId IN (${roots}) OR RootRunId = toUUID('${ZERO_UUID}')) AND RunId IN (SELECT RunId FROM (${sql}))`)}`;
