/** Running counts of one process, by name and label, rendered for Prometheus. */
export class Counters {
  private readonly counts = new Map<string, number>();
  private readonly help = new Map<string, string>();

  /** Declares a family, so that it shows before its first count. */
  declare(name: string, help: string): void {
    this.help.set(name, help);
  }

  add(name: string, count: number, labels = ''): void {
    const key = labels === '' ? name : `${name}{${labels}}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + count);
  }

  /** Text exposition format 0.0.4; `gauges` are values of this moment, series of one name together. */
  render(gauges: Readonly<Record<string, number>>): string {
    const lines: string[] = [];
    for (const [name, help] of this.help) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} counter`);
      const series = [...this.counts].filter(([key]) => key === name || key.startsWith(`${name}{`));
      if (series.length === 0) lines.push(`${name} 0`);
      for (const [key, count] of series) lines.push(`${key} ${count}`);
    }
    const typed = new Set<string>();
    for (const [series, value] of Object.entries(gauges)) {
      const name = series.split('{', 1)[0]!;
      if (!typed.has(name)) lines.push(`# TYPE ${name} gauge`);
      typed.add(name);
      lines.push(`${series} ${value}`);
    }
    return `${lines.join('\n')}\n`;
  }
}

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
  counters.declare(COUNTED.authenticationsRefused, 'Senders that did not prove who they are, by reason');
  counters.declare(COUNTED.runsRecorded, 'Run records made durable');
  counters.declare(COUNTED.batchesShipped, 'Batches that the store has, by table');
  counters.declare(COUNTED.rowsShipped, 'Rows that the store has, by table');
  counters.declare(COUNTED.shipRetries, 'Attempts to ship a batch whose outcome was uncertain, by table');
  counters.declare(COUNTED.batchesSetAside, 'Batches with rows that the store will never take, by table');
  counters.declare(COUNTED.rowsSetAside, 'Rows that the store will never take, by table');
  counters.declare(
    COUNTED.batchesRepaired,
    'Attempts to complete a batch of which the store has a part, by table',
  );
  counters.declare(
    COUNTED.batchesInConflict,
    'Batches under whose id the store has other rows, or rows twice, by table and kind',
  );
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
  return counters;
};
