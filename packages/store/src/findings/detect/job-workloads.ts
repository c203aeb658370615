import { storeErrorOf } from '../../open.ts';
import { type Selection, select } from '../../readers/statements/select.ts';
import { RECEIVED, type ReceivedWindow, receivedParameters } from './received.ts';

/** A workload that acted in a run of a job, under a service, for the first time, and did not ask for the run. */
export interface NewWorkload {
  readonly job: string;
  readonly service: string;
  readonly actor: string;
  /** Since when the job is known, milliseconds since the epoch. */
  readonly knownMillis: number;
  readonly firstMillis: number;
  readonly runId: string;
  readonly principal: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Other workloads that acted in that job under that service before; some of them. */
  readonly others: readonly string[];
  /** The workload has acted in that job before, under another service. */
  readonly knownInJob: boolean;
}

interface WorkloadRow {
  readonly JobName: string;
  readonly Service: string;
  readonly ActorId: string;
  readonly FirstMillis: string;
  readonly KnownMillis: string;
  readonly First: readonly [string, string, string, string];
  readonly Others: readonly string[];
  readonly KnownInJob: number;
}

const IN_WINDOW = `TenantId = {tenant:String} AND ${RECEIVED} AND RunId != toUUID('00000000-0000-0000-0000-000000000000')
    AND Assurance = 'verified' AND Actor != '' AND Witness = 'sdk'`;

/**
 * Adds to `job_workloads` who acted in which job in the window; to add the same again changes nothing. Reads the run,
 * actor, service and receipt of spans of the window, and the records of their runs.
 */
export const learnWorkloads = async (selection: Selection, window: ReceivedWindow): Promise<void> => {
  const { store, tenant } = selection;
  try {
    await store.ask((client) =>
      client.command({
        query: `
          INSERT INTO job_workloads (TenantId, Job, ServiceName, Actor, IsOwn, FirstReceived, FirstAction)
          SELECT {tenant:String} AS TenantId, Job, ServiceName, Actor, Actor = RunActor AS IsOwn,
            min(FirstOfRun) AS FirstReceived,
            argMinState((RunId, PrincipalId, First.1, First.2), FirstOfRun) AS FirstAction
          FROM (
            SELECT RunId, toString(ServiceName) AS ServiceName, toString(Actor) AS Actor, min(ReceivedAt) AS FirstOfRun,
              argMin((TraceId, SpanId), ReceivedAt) AS First
            FROM otel_traces WHERE ${IN_WINDOW} GROUP BY RunId, ServiceName, Actor) AS acted
          INNER JOIN (
            SELECT RunId, any(toString(Job)) AS Job, any(toString(PrincipalId)) AS PrincipalId, any(toString(Actor)) AS RunActor
            FROM runs
            WHERE TenantId = {tenant:String} AND Assurance = 'verified'
              AND RunId IN (SELECT RunId FROM otel_traces WHERE ${IN_WINDOW})
            GROUP BY RunId) AS run USING (RunId)
          GROUP BY Job, ServiceName, Actor, IsOwn`,
        query_params: { ...receivedParameters(window), tenant },
        clickhouse_settings: { max_execution_time: 60 },
      }),
    );
  } catch (error) {
    throw storeErrorOf(error, store.url);
  }
};

/** New ones of the window in jobs that were known for a while. Reads `job_workloads`, one row for each triple. */
export const newWorkloads = async (
  selection: Selection,
  window: ReceivedWindow,
  { learningMillis }: { readonly learningMillis: number },
): Promise<readonly NewWorkload[]> => {
  const rows = await select<WorkloadRow>(
    selection,
    `SELECT *, toString(Began) AS FirstMillis, toString(Known) AS KnownMillis FROM (
       SELECT JobName, Service, ActorId, Began, IsOwnOnly, First,
         min(Began) OVER (PARTITION BY JobName) AS Known,
         arraySort(arraySlice(arrayFilter(other -> other.1 < Began,
           groupArray((Began, ActorId)) OVER (PARTITION BY JobName, Service)), 1, 20)) AS Before,
         arrayMap(other -> other.2, Before) AS Others,
         min(Began) OVER (PARTITION BY JobName, ActorId) < Began AS KnownInJob
       FROM (
         SELECT toString(Job) AS JobName, toString(ServiceName) AS Service, toString(Actor) AS ActorId,
           toUnixTimestamp64Milli(min(FirstReceived)) AS Began, min(IsOwn) AS IsOwnOnly, max(IsOwn) AS WasOwn,
           argMinMerge(FirstAction) AS First
         FROM job_workloads
         WHERE TenantId = {tenant:String} AND Job IN (
           SELECT Job FROM job_workloads WHERE TenantId = {tenant:String}
             AND FirstReceived >= fromUnixTimestamp64Milli({from:Int64}, 'UTC'))
         GROUP BY JobName, Service, ActorId))
     WHERE Began >= {from:Int64} AND Began < {to:Int64} AND NOT IsOwnOnly AND Began >= Known + {learning:Int64}
     ORDER BY Began, JobName, Service, ActorId`,
    { ...receivedParameters(window), learning: learningMillis },
  );
  return rows.map((row) => ({
    job: row.JobName,
    service: row.Service,
    actor: row.ActorId,
    knownMillis: Number(row.KnownMillis),
    firstMillis: Number(row.FirstMillis),
    runId: row.First[0],
    principal: row.First[1],
    traceId: row.First[2],
    spanId: row.First[3],
    others: row.Others,
    knownInJob: Boolean(row.KnownInJob),
  }));
};
