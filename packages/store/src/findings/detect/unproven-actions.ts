import {
  asSettings,
  BY_ID,
  BY_KEY,
  OF_TENANT,
  type Selection,
  select,
} from '../../readers/statements/select.ts';
import { likeOf } from '../muted-condition.ts';
import {
  HOUR,
  RECEIVED,
  type ReceivedWindow,
  receivedParameters,
  SEEN,
  type Seen,
  type SeenRow,
  seenOf,
} from './received.ts';

/** Actions that one service sent, by the workload that sent them and the hour of receipt. */
export interface SentActions extends Seen {
  readonly service: string;
  /** Empty: nobody was authenticated. */
  readonly actor: string;
  /** Empty: none, or several. */
  readonly target: string;
  readonly principal: string;
  readonly hourMillis: number;
}

interface SentRow extends SeenRow {
  readonly Service: string;
  readonly ActorId: string;
  readonly TargetUri: string;
  readonly Principal: string;
  readonly HourSeconds: number;
}

const BY_SENDER = `toString(ServiceName) AS Service, toString(Actor) AS ActorId, ${HOUR}, ${SEEN}`;

const sentOf = (row: SentRow): SentActions => ({
  ...seenOf(row),
  service: row.Service,
  actor: row.ActorId,
  target: row.TargetUri,
  principal: row.Principal,
  hourMillis: row.HourSeconds * 1000,
});

/** Reads the assurance, service, actor and receipt of spans of the window. */
export const refutedActions = async (
  selection: Selection,
  window: ReceivedWindow,
): Promise<readonly SentActions[]> => {
  const rows = await select<SentRow>(
    selection,
    `SELECT ${BY_SENDER}, '' AS TargetUri, '' AS Principal FROM otel_traces
     PREWHERE TenantId = {tenant:String} AND ${RECEIVED} AND Assurance = 'refuted'
     GROUP BY Service, ActorId, HourSeconds ORDER BY HourSeconds, Service, ActorId`,
    receivedParameters(window),
  );
  return rows.map(sentOf);
};

const SEEN_BY_GATEWAY = `TenantId = {tenant:String} AND ${RECEIVED} AND Witness = 'gateway'`;

/**
 * What a gateway saw on a connection, and no process told: no span of a process is what its span is below. Reads the
 * gateways' spans of the window, and the ids of the spans of processes in their traces.
 */
export const darkActions = async (
  selection: Selection,
  window: ReceivedWindow,
): Promise<readonly SentActions[]> => {
  const rows = await select<SentRow>(
    selection,
    `SELECT ${BY_SENDER}, TargetUri, Principal
     FROM (
       SELECT ServiceName, Actor, Target AS TargetUri, toString(PrincipalId) AS Principal, ReceivedAt, Timestamp, TraceId, SpanId,
         ParentSpanId
       FROM otel_traces WHERE ${SEEN_BY_GATEWAY}) AS seen
     LEFT ANTI JOIN (
       SELECT TraceId, SpanId FROM otel_traces
       WHERE ${OF_TENANT} AND Witness = 'sdk' AND TraceId IN (
         SELECT TraceId FROM otel_traces WHERE ${SEEN_BY_GATEWAY} ${asSettings(BY_KEY)})
       ${asSettings(BY_ID)}) AS told
     ON seen.TraceId = told.TraceId AND seen.ParentSpanId = told.SpanId
     GROUP BY Service, ActorId, TargetUri, Principal, HourSeconds ORDER BY HourSeconds, Service, ActorId, TargetUri`,
    receivedParameters(window),
  );
  return rows.map(sentOf);
};

const ON_GUARDED = `TenantId = {tenant:String} AND ${RECEIVED} AND Assurance = 'none'
    AND arrayExists(pattern -> Target LIKE pattern, {patterns:Array(String)})`;

/** Attributed since to the run of what brought them about. */
const INHERITED = `(TraceId, SpanId) IN (
    SELECT TraceId, SpanId FROM (
      SELECT TraceId, SpanId, argMax(Assurance, KnownAt) AS latest FROM attributions
      WHERE TenantId = {tenant:String} AND TraceId IN (SELECT TraceId FROM otel_traces WHERE ${ON_GUARDED})
      GROUP BY TraceId, SpanId)
    WHERE latest = 'inherited')`;

/**
 * Actions on targets that one of the patterns fits, that came without a reference and were not attributed since. Reads
 * the target of spans of the window that came without one.
 */
export const unattributedActions = async (
  selection: Selection,
  window: ReceivedWindow,
  targets: readonly string[],
): Promise<readonly SentActions[]> => {
  if (targets.length === 0) return [];
  const rows = await select<SentRow>(
    selection,
    `SELECT ${BY_SENDER}, Target AS TargetUri, '' AS Principal FROM otel_traces
     WHERE ${ON_GUARDED} AND NOT ${INHERITED}
     GROUP BY Service, ActorId, TargetUri, HourSeconds ORDER BY HourSeconds, Service, ActorId, TargetUri`,
    { ...receivedParameters(window), patterns: targets.map(likeOf) },
  );
  return rows.map(sentOf);
};
