import { type Selection, select } from '../readers/statements/select.ts';
import {
  DELIVERY_DAYS,
  type Delivery,
  type DeliveryEvent,
  type DeliveryLog,
  type DeliveryPage,
  type DeliverySearch,
  type DeliveryStatus,
} from './delivery-log.ts';
import { insertRows, momentOf } from './insert-rows.ts';

interface DeliveryRow {
  readonly Id: string;
  readonly EndpointName: string;
  readonly Finding: string;
  readonly Told: DeliveryEvent;
  readonly Tries: number;
  readonly StatusNow: DeliveryStatus;
  readonly Http: number;
  readonly Why: string;
  readonly DueMillis: string;
  readonly EventMillis: string;
}

/** The last attempt of each delivery, as it stands. */
const deliveries = (condition: string): string => `
  SELECT toString(DeliveryId) AS Id, toString(Endpoint) AS EndpointName, toString(any(FindingId)) AS Finding,
    toString(any(Event)) AS Told, max(Attempt) AS Tries, toString(argMax(Status, newness)) AS StatusNow,
    argMax(HttpStatus, newness) AS Http, argMax(Failure, newness) AS Why, argMax(DueAt, newness) AS Due,
    min(EventAt) AS Happened, toString(toUnixTimestamp64Milli(Due)) AS DueMillis,
    toString(toUnixTimestamp64Milli(Happened)) AS EventMillis
  FROM (
    SELECT *, (Attempt, toInt8(Status), RecordedAt) AS newness FROM finding_deliveries
    WHERE TenantId = {tenant:String} AND (${condition}))
  GROUP BY Endpoint, DeliveryId`;

const DAY_MILLIS = 86_400_000;

const DUE = `
  SELECT * FROM (${deliveries('Endpoint = {endpoint:String} AND EventAt >= fromUnixTimestamp64Milli({oldest:Int64})')})
  WHERE StatusNow IN ('pending', 'failed', 'sending') AND Due <= fromUnixTimestamp64Milli({now:Int64})
  ORDER BY Happened, Id LIMIT {limit:UInt32}`;

export const storedDeliveries = (selection: Selection): DeliveryLog => ({
  record: (some) => insertRows(selection, 'finding_deliveries', some.map(rowOf)),
  due: async (endpoint, nowMillis, limit) => {
    const rows = await select<DeliveryRow>(selection, DUE, {
      endpoint,
      now: nowMillis,
      oldest: nowMillis - DELIVERY_DAYS * DAY_MILLIS,
      limit,
    });
    return rows.map(deliveryOf);
  },
  isGone: async (endpoint) => {
    const rows = await select(
      selection,
      `SELECT 1 FROM finding_deliveries
       WHERE TenantId = {tenant:String} AND Endpoint = {endpoint:String} AND Status = 'gone' LIMIT 1`,
      { endpoint },
    );
    return rows.length > 0;
  },
  search: (search) => searched(selection, search),
});

const searched = async (
  selection: Selection,
  { status, findingId, limit, after }: DeliverySearch,
): Promise<DeliveryPage> => {
  const terms = [
    ...(status === undefined ? [] : ['StatusNow = {status:String}']),
    ...(after === undefined
      ? []
      : ['(Happened, Id) < (fromUnixTimestamp64Milli({afterMillis:Int64}), {afterId:String})']),
  ];
  const rows = await select<DeliveryRow>(
    selection,
    `SELECT * FROM (${deliveries(findingId === undefined ? '1' : 'FindingId = {finding:UUID}')})
     WHERE ${terms.join(' AND ') || '1'} ORDER BY Happened DESC, Id DESC LIMIT {limit:UInt32}`,
    {
      limit: limit + 1,
      ...(status === undefined ? {} : { status }),
      ...(findingId === undefined ? {} : { finding: findingId }),
      ...(after === undefined ? {} : { afterMillis: after.eventAtMillis, afterId: after.id }),
    },
  );
  const last = rows[limit - 1];
  return {
    deliveries: rows.slice(0, limit).map(deliveryOf),
    ...(rows.length > limit && last !== undefined
      ? { next: { eventAtMillis: Number(last.EventMillis), id: last.Id } }
      : {}),
  };
};

const rowOf = (delivery: Delivery): Readonly<Record<string, unknown>> => ({
  Endpoint: delivery.endpoint,
  DeliveryId: delivery.id,
  FindingId: delivery.findingId,
  Event: delivery.event,
  Attempt: delivery.attempt,
  Status: delivery.status,
  HttpStatus: delivery.httpStatus ?? 0,
  Failure: delivery.failure ?? '',
  DueAt: momentOf(delivery.dueAtMillis),
  EventAt: momentOf(delivery.eventAtMillis),
});

const deliveryOf = (row: DeliveryRow): Delivery => ({
  id: row.Id,
  endpoint: row.EndpointName,
  findingId: row.Finding,
  event: row.Told,
  attempt: row.Tries,
  status: row.StatusNow,
  ...(row.Http === 0 ? {} : { httpStatus: row.Http }),
  ...(row.Why === '' ? {} : { failure: row.Why }),
  dueAtMillis: Number(row.DueMillis),
  eventAtMillis: Number(row.EventMillis),
});
