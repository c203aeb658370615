import { type Store, storeErrorOf } from '../open.ts';
import { newestCounts } from '../readers/principals/inherited-rows.ts';
import { BY_PART, type Parameters, select } from '../readers/statements/select.ts';
import { shapeOf } from '../readers/targets/target-shape.ts';
import { currentWhere } from './attribution-filter.ts';
import type { InheritedCounts, TouchedHour } from './inherited-counts.ts';
import { OF_SLICE, sliceParameters } from './trace-selection.ts';

/** Longest that the server may work on one count. */
const MAX_SECONDS = 25;

/** Of all tenants: for the service itself, never for anyone who asks. */
export const storedInheritedCounts = (store: Store): InheritedCounts => {
  const selection = { store, tenant: '' };

  /** Greater than any that was given before, to whichever service. */
  const newPass = async (): Promise<string> => {
    const [row] = await select<{ Pass: string }>(selection, 'SELECT toString(generateSnowflakeID()) AS Pass');
    return row?.Pass ?? '0';
  };

  const count = async (statement: string, parameters: Parameters): Promise<void> => {
    const pass = await newPass();
    try {
      await store.once((client) =>
        client.command({
          query: statement,
          query_params: { ...parameters, pass },
          clickhouse_settings: { max_execution_time: MAX_SECONDS },
        }),
      );
    } catch (error) {
      throw storeErrorOf(error, store.url);
    }
  };

  return {
    touchedBy: (slice) =>
      select<TouchedHour>(
        selection,
        `SELECT toString(TenantId) AS tenant, toString(PrincipalId) AS principal, toUnixTimestamp(SeenHour) AS hour,
           toUInt32(count()) AS rows
         FROM attributions WHERE PrincipalId != '' AND (TenantId, TraceId, SpanId) IN (
           SELECT TenantId, TraceId, SpanId FROM attributions WHERE ${OF_SLICE})
         GROUP BY tenant, principal, hour ORDER BY tenant, principal, hour`,
        sliceParameters(slice),
        BY_PART,
      ),

    countAnew: async (tenant, hours) => {
      const asked = {
        tenant,
        principals: hours.map(({ principal }) => principal),
        hours: hours.map(({ hour }) => hour),
      };
      for (const statement of [COUNT_HOURS, COUNT_FOOTPRINTS, COUNT_MONTHS]) await count(statement, asked);
    },
  };
};

const HOURS = `arrayZip({principals:Array(String)}, arrayMap(hour -> toDateTime(hour, 'UTC'), {hours:Array(UInt32)}))`;
const MONTHS = `arrayDistinct(arrayMap(each -> (each.1, toStartOfMonth(each.2)), ${HOURS}))`;

/** As rows: of an array behind IN the engine (26.7) makes no set, and looks at every row there is. */
const rowsOf = (buckets: string): string =>
  `SELECT bucket.1 AS PrincipalId, bucket.2 AS Bucket FROM (SELECT arrayJoin(${buckets}) AS bucket)`;

const IN_HOURS = `TenantId = {tenant:String} AND (PrincipalId, SeenHour) IN (${rowsOf(HOURS)})`;
const NUMBERS = `countIf(Times > 0), countIf(Times > 0 AND StatusCode = 'Error'), min(SeenAt), max(SeenAt)`;

/** Beside what is counted each hour, or month, has a row without an action: it was counted, also where nothing is left. */
const COUNT_HOURS = `
  INSERT INTO inherited_hourly (TenantId, PrincipalId, Hour, Pass, PrincipalKind, Witness, ServiceName, System, Operation,
    Actor, Actions, Errors, FirstSeen, LastSeen, Runs)
  SELECT {tenant:String}, PrincipalId, Bucket, {pass:UInt64}, PrincipalKind, Witness, ServiceName, System, Operation,
    Actor, ${NUMBERS}, uniqCombinedStateIf(12)(RunId, Times > 0)
  FROM (
    SELECT PrincipalId, SeenHour AS Bucket, PrincipalKind, Witness, ServiceName, System, Operation, Actor, StatusCode, SeenAt,
      RunId, 1 AS Times FROM ${currentWhere(IN_HOURS)}
    UNION ALL
    SELECT PrincipalId, Bucket, '', 'sdk', '', '', '', '', '', toDateTime64(0, 9), toUUIDOrZero(''), 0 FROM (${rowsOf(HOURS)}))
  GROUP BY PrincipalId, Bucket, PrincipalKind, Witness, ServiceName, System, Operation, Actor`;

const COUNT_FOOTPRINTS = `
  INSERT INTO inherited_footprints (TenantId, PrincipalId, Hour, Pass, System, Operation, Target, Actions, Errors, FirstSeen,
    LastSeen)
  SELECT {tenant:String}, PrincipalId, Bucket, {pass:UInt64}, System, Operation, Shape, ${NUMBERS}
  FROM (
    SELECT PrincipalId, SeenHour AS Bucket, System, Operation, ${shapeOf('Target')} AS Shape, StatusCode, SeenAt, 1 AS Times
    FROM ${currentWhere(IN_HOURS)} WHERE Operation != '' OR Target != ''
    UNION ALL
    SELECT PrincipalId, Bucket, '', '', '', '', toDateTime64(0, 9), 0 FROM (${rowsOf(HOURS)}))
  GROUP BY PrincipalId, Bucket, System, Operation, Shape`;

const COUNT_MONTHS = `
  INSERT INTO inherited_monthly (TenantId, PrincipalId, Month, Pass, PrincipalKind, ServiceName, Actor, Actions, Errors,
    FirstSeen, LastSeen)
  SELECT {tenant:String}, PrincipalId, Bucket, {pass:UInt64}, PrincipalKind, ServiceName, Actor, sum(Did), sum(Failed),
    min(First), max(Last)
  FROM (
    SELECT PrincipalId, toStartOfMonth(Hour) AS Bucket, PrincipalKind, ServiceName, Actor, Actions AS Did, Errors AS Failed,
      FirstSeen AS First, LastSeen AS Last
    FROM ${newestCounts('inherited_hourly', `(PrincipalId, toStartOfMonth(Hour)) IN (${rowsOf(MONTHS)})`)}
    UNION ALL
    SELECT PrincipalId, Bucket, '', '', '', 0, 0, toDateTime64(0, 9), toDateTime64(0, 9) FROM (${rowsOf(MONTHS)}))
  GROUP BY PrincipalId, Bucket, PrincipalKind, ServiceName, Actor`;
