import { type Selection, select } from '../../readers/statements/select.ts';
import { RECEIVED, type ReceivedWindow, receivedParameters } from './received.ts';

/** A workload, by its credential, that appears as several. */
export interface ManyFaced {
  readonly actor: string;
  /** When the hour of receipt began, milliseconds since the epoch. */
  readonly hourMillis: number;
  readonly services: number;
  /** Some of them. */
  readonly serviceNames: readonly string[];
  readonly principals: number;
  readonly principalIds: readonly string[];
  readonly firstMillis: number;
  readonly lastMillis: number;
}

interface ManyFacedRow {
  readonly ActorId: string;
  readonly HourSeconds: number;
  readonly Services: number;
  readonly ServiceNames: readonly string[];
  readonly Principals: number;
  readonly PrincipalIds: readonly string[];
  readonly FirstMillis: string;
  readonly LastMillis: string;
}

const NAMED = 20;

/**
 * Credentials that sent spans of many services, or asked for runs of many principals, within one hour of receipt. What
 * a workload does in runs of others is not acting as them. Gateways, which see everybody's, are left out. Reads the
 * actor, service and receipt of spans of the window, and the records of runs of it.
 */
export const manyFaced = async (
  selection: Selection,
  window: ReceivedWindow,
  { services, principals }: { readonly services: number; readonly principals: number },
): Promise<readonly ManyFaced[]> => {
  const rows = await select<ManyFacedRow>(
    selection,
    `SELECT ActorId, HourSeconds, uniqExactIf(Name, IsService) AS Services,
       arraySort(groupUniqArrayIf(${NAMED})(Name, IsService)) AS ServiceNames, uniqExactIf(Name, NOT IsService) AS Principals,
       arraySort(groupUniqArrayIf(${NAMED})(Name, NOT IsService)) AS PrincipalIds,
       toString(min(First)) AS FirstMillis, toString(max(Last)) AS LastMillis
     FROM (
       SELECT toString(Actor) AS ActorId, toString(ServiceName) AS Name, 1 AS IsService,
         toUnixTimestamp(toStartOfHour(ReceivedAt)) AS HourSeconds,
         toUnixTimestamp64Milli(min(ReceivedAt)) AS First, toUnixTimestamp64Milli(max(ReceivedAt)) AS Last
       FROM otel_traces
       WHERE TenantId = {tenant:String} AND ${RECEIVED} AND Actor != '' AND Witness = 'sdk' AND ServiceName != ''
       GROUP BY ActorId, Name, HourSeconds
       UNION ALL
       SELECT toString(Actor) AS ActorId, toString(PrincipalId) AS Name, 0 AS IsService,
         toUnixTimestamp(toStartOfHour(ReceivedAt)) AS HourSeconds,
         toUnixTimestamp64Milli(min(ReceivedAt)) AS First, toUnixTimestamp64Milli(max(ReceivedAt)) AS Last
       FROM runs
       WHERE TenantId = {tenant:String} AND ${RECEIVED} AND Actor != '' AND Record = 'started' AND Assurance = 'verified'
       GROUP BY ActorId, Name, HourSeconds)
     GROUP BY ActorId, HourSeconds
     HAVING Services >= {services:UInt32} OR Principals >= {principals:UInt32} ORDER BY HourSeconds, ActorId`,
    { ...receivedParameters(window), services, principals },
  );
  return rows.map((row) => ({
    actor: row.ActorId,
    hourMillis: row.HourSeconds * 1000,
    services: row.Services,
    serviceNames: row.ServiceNames,
    principals: row.Principals,
    principalIds: row.PrincipalIds,
    firstMillis: Number(row.FirstMillis),
    lastMillis: Number(row.LastMillis),
  }));
};
