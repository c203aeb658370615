import type { SpanRef } from '@whence/model';
import type { ActionFilter, ActionPosition, RunTotals } from '../readers/actions/action-reader.ts';
import type { RunScope } from '../readers/runs/run-reader.ts';
import type { Attribution } from './attribution.ts';
import type { TraceSelection } from './trace-selection.ts';

/**
 * Reads what was worked out of actions of one tenant that came without a reference. Of a span the newest attribution
 * counts; one that was withdrawn is none.
 *
 * Every method throws StoreError `store_unavailable` or `store_refused`, and nothing else.
 */
export interface AttributionReader {
  /**
   * By `spanKey`, any number of spans.
   *
   * @param asKnownAtMicros what was learnt later is left out. Microseconds since the epoch.
   */
  ofSpans(spans: readonly SpanRef[], asKnownAtMicros?: bigint): Promise<ReadonlyMap<string, Attribution>>;

  /** All that was ever learnt of these traces, of each span the newest first. */
  ofTraces(traces: TraceSelection): Promise<readonly Attribution[]>;

  /** Newest action first. `text` and `assurance` of the filter are not looked at: an attribution says nothing of them. */
  search(search: AttributionSearch): Promise<readonly Attribution[]>;

  /** What was done in a run or one below it, oldest first. */
  below(scope: RunScope, limit: number): Promise<readonly Attribution[]>;

  /** Exact. Runs and services: those of which no action with a reference is held below the run. */
  totalsBelow(scope: RunScope): Promise<Omit<RunTotals, 'refuted'>>;
}

export interface AttributionSearch {
  readonly filter: ActionFilter;
  readonly limit: number;
  readonly after?: ActionPosition;
}
