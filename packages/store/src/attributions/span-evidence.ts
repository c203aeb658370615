import type { Authority, Principal, SpanKind, SpanRef, Witness } from '@whence/model';
import type { CauseLink } from '../readers/actions/recorded-action.ts';
import type { ActionFacts } from './action-facts.ts';
import type { TraceSelection } from './trace-selection.ts';

/** What of a span bears on whom it, or what it brought about, can be attributed to. */
export interface SpanEvidence extends SpanRef {
  readonly parentSpanId?: string;
  readonly kind: SpanKind;
  readonly witness: Witness;
  /** The workload that sent it, as authenticated. */
  readonly actor?: string;
  /** What the reference that came with it was worth; `none`: none came. */
  readonly reference: 'none' | 'asserted' | 'verified' | 'refuted';
  /** Of a verified reference. */
  readonly run?: EvidencedRun;
  /** The process says of it that it opens a run. */
  readonly opensRun: boolean;
  /** The process itself was in doubt about its run. */
  readonly inDoubt: boolean;
  /** A mark of the recorder, not an action. */
  readonly isMark: boolean;
  /** Other records under the same trace and span id say something else. */
  readonly contested: boolean;
  /** Spans that brought it about, in the order in which it lists them, its own trace included. */
  readonly links: readonly CauseLink[];
  /** The action itself, as attributions repeat it. */
  readonly facts: ActionFacts;
}

/** A run as the row names it: who stands behind it is absent where the row came before the run's record. */
export interface EvidencedRun {
  readonly id: string;
  readonly rootId?: string;
  readonly path: readonly string[];
  readonly principal?: Principal;
  readonly authority?: Authority;
}

/** Reads what attributions of one tenant are worked out from. */
export interface EvidenceReader {
  /**
   * Whole traces, of a selection by arrival those that are hopeful, as far as they fit into `rows` rows.
   *
   * @throws StoreError `store_unavailable`, `store_refused`.
   */
  ofTraces(selection: TraceSelection, rows: number): Promise<TracesRead>;

  /**
   * Those that hold anything an action without a reference could be attributed by, by id, and how many rows they have.
   * The same errors.
   */
  hopefulOf(
    selection: TraceSelection,
  ): Promise<readonly { readonly traceId: string; readonly rows: number }[]>;
}

export interface TracesRead {
  /** By trace id. One that was asked for by its id, and of which nothing is held, is an empty list. */
  readonly traces: ReadonlyMap<string, readonly SpanEvidence[]>;
  /** There was no room for all: those that are not among `traces` are to be asked for again. */
  readonly isCut: boolean;
  /** Those that have more than that many rows by themselves. */
  readonly tooLarge: readonly string[];
}
