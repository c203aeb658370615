import { Counters } from '@whence/model';
import { DELIVERY_COUNTS, type DeliveryCount, type DeliveryCounts } from '@whence/store';

export const COUNTED = {
  requestsAnswered: 'whence_query_requests_total',
  requestSeconds: 'whence_query_request_seconds_total',
  requestsRefused: 'whence_query_requests_refused_total',
  queriesRecorded: 'whence_query_records_total',
  queriesNotRecorded: 'whence_query_records_dropped_total',
  credentialUsesUncounted: 'whence_query_credential_uses_uncounted_total',
  recordSeconds: 'whence_query_record_seconds_total',
  batchesShipped: 'whence_query_batches_shipped_total',
  rowsShipped: 'whence_query_rows_shipped_total',
  shipRetries: 'whence_query_ship_retries_total',
  batchesSetAside: 'whence_query_batches_set_aside_total',
  rowsSetAside: 'whence_query_rows_set_aside_total',
  batchesRepaired: 'whence_query_batches_repaired_total',
  batchesInConflict: 'whence_query_batches_in_conflict_total',
  findingsOpened: 'whence_query_findings_opened_total',
  findingsResolved: 'whence_query_findings_resolved_total',
  findingsMuted: 'whence_query_findings_muted_total',
  findingPasses: 'whence_query_finding_passes_total',
  findingPassesFailed: 'whence_query_finding_passes_failed_total',
  findingDeliveries: 'whence_query_finding_deliveries_total',
  attributionTurns: 'whence_query_attribution_turns_total',
  attributionTurnsFailed: 'whence_query_attribution_turns_failed_total',
  tracesWorkedOut: 'whence_query_attribution_traces_total',
  tracesUnreadable: 'whence_query_attribution_traces_unreadable_total',
  actionsAttributed: 'whence_query_attribution_attributed_total',
  actionsWithdrawn: 'whence_query_attribution_withdrawn_total',
  actionsNotInherited: 'whence_query_attribution_not_inherited_total',
  inheritedTurns: 'whence_query_inherited_counting_turns_total',
  inheritedTurnsFailed: 'whence_query_inherited_counting_turns_failed_total',
  inheritedHours: 'whence_query_inherited_hours_counted_total',
} as const;

/** Of what goes on whether somebody asks or not. */
const IN_THE_BACKGROUND: readonly (readonly [name: string, says: string])[] = [
  [COUNTED.findingsOpened, 'Findings that were found, or found again after they were over, by rule'],
  [COUNTED.findingsResolved, 'Findings that are no longer so, by rule'],
  [COUNTED.findingsMuted, 'Findings that were found and that a mute fits, by rule'],
  [COUNTED.findingPasses, 'Looks of a rule at what was received, by rule'],
  [COUNTED.findingPassesFailed, 'Those that failed, by rule'],
  [
    COUNTED.findingDeliveries,
    'Attempts to tell a receiver of a finding, by receiver and outcome: delivered, retried, failed (given up), gone, withheld',
  ],
  [COUNTED.attributionTurns, 'Looks at what has arrived for actions without a reference'],
  [COUNTED.attributionTurnsFailed, 'Those that failed, and are tried again'],
  [COUNTED.tracesWorkedOut, 'Traces worked out, each as often as it was'],
  [COUNTED.tracesUnreadable, 'Traces that the store would not give'],
  [COUNTED.actionsAttributed, 'Actions without a reference that were attributed, or to somebody else'],
  [COUNTED.actionsWithdrawn, 'Actions whose attribution was withdrawn'],
  [
    COUNTED.actionsNotInherited,
    'Actions that nobody is named for, as often as they were looked at, by reason',
  ],
  [COUNTED.inheritedTurns, 'Looks at attributions that are to be counted'],
  [COUNTED.inheritedTurnsFailed, 'Those that failed, and are tried again'],
  [COUNTED.inheritedHours, 'Hours of principals counted, each as often as it was'],
];

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
  counters.declare(
    COUNTED.credentialUsesUncounted,
    'Requests that are missing from the record of credentials, since there were too many to keep',
  );
  counters.declare(COUNTED.recordSeconds, 'Time that answers waited for their record');
  for (const [what, says] of Object.entries(DELIVERY_COUNTS)) {
    counters.declare(COUNTED[what as DeliveryCount], says);
  }
  for (const [name, says] of IN_THE_BACKGROUND) counters.declare(name, says);
  return counters;
};

export const countingDeliveries = (counters: Counters): DeliveryCounts => ({
  add: (what, count, labels) => counters.add(COUNTED[what], count, labels),
});
