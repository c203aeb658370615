import { IS_ACTION } from '../../readers/actions/action-row.ts';
import { type Selection, select } from '../../readers/statements/select.ts';
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

/** Actions of a run that began before it, or after it had ended. */
export interface OutsideRun extends Seen {
  readonly runId: string;
  readonly job: string;
  readonly principal: string;
  /** Milliseconds since the epoch. */
  readonly startedMillis: number;
  /** Absent: it goes on. */
  readonly endedMillis?: number;
  readonly hourMillis: number;
  readonly actors: readonly string[];
}

interface OutsideRow extends SeenRow {
  readonly Run: string;
  readonly JobName: string;
  readonly Principal: string;
  readonly StartedMillis: string;
  readonly EndedMillis: string;
  readonly HourSeconds: number;
  readonly Actors: readonly string[];
}

const OF_RUNS = `TenantId = {tenant:String} AND ${RECEIVED} AND RunId != toUUID('00000000-0000-0000-0000-000000000000')
    AND Assurance = 'verified' AND ${IS_ACTION}`;

/**
 * By run and hour of receipt. References that are checked, and runs that an issuer has on record, alone. Reads the run
 * and time of spans of the window, and the records of their runs.
 */
export const actionsOutsideRuns = async (
  selection: Selection,
  window: ReceivedWindow,
  { beforeMillis, afterMillis }: { readonly beforeMillis: number; readonly afterMillis: number },
): Promise<readonly OutsideRun[]> => {
  const rows = await select<OutsideRow>(
    selection,
    `SELECT toString(RunId) AS Run, any(JobName) AS JobName, any(Principal) AS Principal,
       toString(toUnixTimestamp64Milli(any(Began))) AS StartedMillis, toString(toUnixTimestamp64Milli(any(Ended))) AS EndedMillis,
       arraySort(groupUniqArray(20)(toString(Actor))) AS Actors, ${HOUR}, ${SEEN}
     FROM (
       SELECT RunId, Timestamp, TraceId, SpanId, Actor, ReceivedAt FROM otel_traces WHERE ${OF_RUNS}) AS acted
     INNER JOIN (
       SELECT RunId, any(toString(Job)) AS JobName, any(toString(PrincipalId)) AS Principal, min(StartedAt) AS Began,
         max(EndedAt) AS Ended
       FROM runs
       WHERE TenantId = {tenant:String} AND Assurance = 'verified'
         AND RunId IN (SELECT RunId FROM otel_traces WHERE ${OF_RUNS})
       GROUP BY RunId) AS run USING (RunId)
     WHERE toUnixTimestamp64Milli(Timestamp) < toUnixTimestamp64Milli(Began) - {before:Int64}
       OR toUnixTimestamp64Milli(Ended) > 0 AND toUnixTimestamp64Milli(Timestamp) > toUnixTimestamp64Milli(Ended) + {after:Int64}
     GROUP BY RunId, HourSeconds ORDER BY HourSeconds, Run`,
    { ...receivedParameters(window), before: beforeMillis, after: afterMillis },
  );
  return rows.map((row) => ({
    ...seenOf(row),
    runId: row.Run,
    job: row.JobName,
    principal: row.Principal,
    startedMillis: Number(row.StartedMillis),
    ...(row.EndedMillis === '0' ? {} : { endedMillis: Number(row.EndedMillis) }),
    hourMillis: row.HourSeconds * 1000,
    actors: row.Actors.filter((actor) => actor !== ''),
  }));
};

/** What a process itself told of actions whose run is in doubt. */
export interface InDoubt extends Seen {
  readonly doubt: 'run_ended' | 'conflict';
  readonly service: string;
  readonly actor: string;
  readonly runs: readonly string[];
  readonly hourMillis: number;
}

interface DoubtRow extends SeenRow {
  readonly Doubt: 'run_ended' | 'conflict';
  readonly Service: string;
  readonly ActorId: string;
  readonly Runs: readonly string[];
  readonly HourSeconds: number;
}

/** By service and hour of receipt. Reads the attributes of spans of the window that no checked reference came with. */
export const actionsInDoubt = async (
  selection: Selection,
  window: ReceivedWindow,
): Promise<readonly InDoubt[]> => {
  const rows = await select<DoubtRow>(
    selection,
    `SELECT SpanAttributes['whence.attribution'] AS Doubt, toString(ServiceName) AS Service, toString(Actor) AS ActorId,
       arrayFilter(run -> run != '00000000-0000-0000-0000-000000000000', groupUniqArray(20)(toString(RunId))) AS Runs,
       ${HOUR}, ${SEEN}
     FROM otel_traces
     PREWHERE TenantId = {tenant:String} AND ${RECEIVED} AND Assurance IN ('none', 'asserted')
     WHERE Doubt IN ('run_ended', 'conflict')
     GROUP BY Doubt, Service, ActorId, HourSeconds ORDER BY HourSeconds, Service, ActorId, Doubt`,
    receivedParameters(window),
  );
  return rows.map((row) => ({
    ...seenOf(row),
    doubt: row.Doubt,
    service: row.Service,
    actor: row.ActorId,
    runs: row.Runs,
    hourMillis: row.HourSeconds * 1000,
  }));
};
