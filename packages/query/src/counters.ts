import { Counters } from '@whence/model';
import { DELIVERY_COUNTS, type DeliveryCount, type DeliveryCounts } from '@whence/store';

export const COUNTED = {
  requestsAnswered: 'whence_query_requests_total',
  requestSeconds: 'whence_query_request_seconds_total',
  requestsRefused: 'whence_query_requests_refused_total',
  queriesRecorded: 'whence_query_records_total',
  queriesNotRecorded: 'whence_query_records_dropped_total',
  recordSeconds: 'whence_query_record_seconds_total',
  batchesShipped: 'whence_query_batches_shipped_total',
  rowsShipped: 'whence_query_rows_shipped_total',
  shipRetries: 'whence_query_ship_retries_total',
  batchesSetAside: 'whence_query_batches_set_aside_total',
  rowsSetAside: 'whence_query_rows_set_aside_total',
  batchesRepaired: 'whence_query_batches_repaired_total',
  batchesInConflict: 'whence_query_batches_in_conflict_total',
} as const;

export const newCounters = (): Counters => {
  const counters = new Counters();
  counters.declare(COUNTED.requestsAnswered, 'Requests answered, by route and status');
  counters.declare(COUNTED.requestSeconds, 'Time that their answers took, by route');
  counters.declare(COUNTED.requestsRefused, 'Requests of whom nothing proves, or who has no role, by reason');
  counters.declare(COUNTED.queriesRecorded, 'Requests recorded, on disk before they were answered');
  counters.declare(
    COUNTED.queriesNotRecorded,
    'Requests that were refused and not recorded one by one, by reason',
  );
  counters.declare(COUNTED.recordSeconds, 'Time that answers waited for their record');
  for (const [what, says] of Object.entries(DELIVERY_COUNTS)) {
    counters.declare(COUNTED[what as DeliveryCount], says);
  }
  return counters;
};

export const countingDeliveries = (counters: Counters): DeliveryCounts => ({
  add: (what, count, labels) => counters.add(COUNTED[what], count, labels),
});
