import type { Cause, SpanRef } from '@whence/model';

/**
 * Reads edges between spans of different traces, of one tenant, as their effects tell them by span links. An edge that
 * was told twice is one edge. Edges come in the order in which the effects began.
 *
 * Every method throws StoreError `store_unavailable` or `store_refused`, and nothing else.
 */
export interface CauseReader {
  /** What brought this span about. */
  causesOf(effect: SpanRef, limit: number): Promise<CausesFound>;

  /** What this span brought about. */
  effectsOf(cause: SpanRef, limit: number): Promise<CausesFound>;

  /** What any span of this trace brought about in other traces. */
  effectsOfTrace(traceId: string, limit: number): Promise<CausesFound>;
}

export interface CausesFound {
  readonly causes: readonly Cause[];
  /** There are more than were asked for. */
  readonly truncated: boolean;
}
