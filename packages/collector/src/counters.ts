import { Counters } from '@whence/model';
import { DELIVERY_COUNTS, type DeliveryCount, type DeliveryCounts } from '@whence/store';

export const COUNTED = {
  spansAccepted: 'whence_collector_spans_accepted_total',
  spansRejected: 'whence_collector_spans_rejected_total',
  requestsRefused: 'whence_collector_requests_refused_total',
  authenticationsRefused: 'whence_collector_authentications_refused_total',
  runsRecorded: 'whence_collector_run_records_total',
  batchesShipped: 'whence_collector_batches_shipped_total',
  rowsShipped: 'whence_collector_rows_shipped_total',
  shipRetries: 'whence_collector_ship_retries_total',
  batchesSetAside: 'whence_collector_batches_set_aside_total',
  rowsSetAside: 'whence_collector_rows_set_aside_total',
  batchesRepaired: 'whence_collector_batches_repaired_total',
  batchesInConflict: 'whence_collector_batches_in_conflict_total',
  segmentsDamaged: 'whence_collector_spool_segments_damaged_total',
  rowsLost: 'whence_collector_spool_rows_lost_total',
  gapsRecorded: 'whence_collector_gaps_recorded_total',
  requestsForwarded: 'whence_collector_requests_forwarded_total',
  forwardRetries: 'whence_collector_forward_retries_total',
  forwardsRefused: 'whence_collector_forwards_refused_total',
  recordsRejected: 'whence_collector_records_rejected_total',
} as const;

export const newCounters = (): Counters => {
  const counters = new Counters();
  counters.declare(COUNTED.spansAccepted, 'Spans acknowledged, by assurance');
  counters.declare(COUNTED.spansRejected, 'Spans rejected inside an accepted request, by reason');
  counters.declare(COUNTED.requestsRefused, 'Requests refused, by HTTP status');
  counters.declare(
    COUNTED.authenticationsRefused,
    'Senders that did not prove who they are, or may not send, by reason',
  );
  counters.declare(COUNTED.runsRecorded, 'Run records made durable');
  counters.declare(COUNTED.segmentsDamaged, 'Spool segments found damaged at the start, by table');
  counters.declare(COUNTED.rowsLost, 'Rows in damaged spool segments that cannot be read, by table');
  counters.declare(
    COUNTED.gapsRecorded,
    'Records of what was accepted and could not be kept, by table and reason',
  );
  counters.declare(COUNTED.requestsForwarded, 'Requests that the forward endpoint has taken, by path');
  counters.declare(COUNTED.forwardRetries, 'Attempts to forward that have to be made again, by path');
  counters.declare(COUNTED.forwardsRefused, 'Requests that the forward endpoint refused for good, by path');
  counters.declare(COUNTED.recordsRejected, 'Log records and data points rejected, since nothing takes them');
  for (const [what, says] of Object.entries(DELIVERY_COUNTS)) {
    counters.declare(COUNTED[what as DeliveryCount], says);
  }
  return counters;
};

export const countingDeliveries = (counters: Counters): DeliveryCounts => ({
  add: (what, count, labels) => counters.add(COUNTED[what], count, labels),
});
