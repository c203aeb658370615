import type { Action, ActionStatus, Assurance, SpanRef, Witness } from '@whence/model';
import type { RunScope } from '../runs/run-reader.ts';
import type { OutlineFound } from './outlined-action.ts';
import type { RecordedAction } from './recorded-action.ts';

/**
 * Reads actions of one tenant. Who acted is told from the row, or, where the row came before its run's record, from
 * that record, so that the same row may name a principal later.
 *
 * A span that was delivered twice with the same content from the same sender is one action. Different contents under
 * one trace and span id are different actions: all are given, each marked as in conflict.
 *
 * Every method throws StoreError `store_unavailable` or `store_refused`, and nothing else.
 */
export interface ActionReader {
  /**
   * Where there are several, the first received first. Without a trace id: that span id in any trace. At most
   * `RECORDS_PER_SPAN` records.
   */
  bySpan(span: { readonly traceId?: string; readonly spanId: string }): Promise<readonly RecordedAction[]>;

  /** Spans of one trace, of several records of one the first received first; at most 256 ids. */
  bySpans(traceId: string, spanIds: readonly string[]): Promise<readonly RecordedAction[]>;

  /**
   * Who is whose parent in a trace, oldest first. Where there are more records under its id than `limit`, whosever they are,
   * it is given as truncated and without any.
   */
  outline(traceId: string, limit: number): Promise<TraceOutline>;

  /** The same of some of its spans, in any order; at most 256 ids. */
  outlineOf(traceId: string, spanIds: readonly string[]): Promise<readonly OutlinedSpan[]>;

  /**
   * A trace whole, of several records of a span the first received first. Where there are more records under its id than
   * `limit`, whosever they are, it is given as truncated and without any: nothing tells which of them matter.
   */
  smallTrace(traceId: string, limit: number): Promise<ActionsFound>;

  /** The same of several traces at once, each by its id: one of which nothing is known is empty. At most 100. */
  smallTraces(traceIds: readonly string[], limit: number): Promise<ReadonlyMap<string, ActionsFound>>;

  /**
   * The span at which a trace begins, however large it is: of those without a parent the oldest, else of those whose
   * parent has not arrived, else of all.
   */
  topOfTrace(traceId: string): Promise<RecordedAction | undefined>;

  /** Spans right below this one, first received first: all, or those that another witness saw. */
  rightBelow(
    span: SpanRef,
    which: { readonly notBy?: Witness },
    limit: number,
  ): Promise<readonly RecordedAction[]>;

  /** A trace in chunks as they come, oldest first. Leaving the loop ends the read. Conflicts are marked per chunk. */
  ofTrace(traceId: string, limit: number): AsyncIterable<readonly RecordedAction[]>;

  /**
   * What a run and all runs below it did, oldest first; verified actions before claimed ones, so that a flood of claims
   * hides nothing. Actions whose reference to one of the runs failed its check are not among them.
   */
  below(scope: RunScope, limit: number): Promise<ActionsFound>;

  /** The same as `below`, each span once and no more of it than its place in a tree depends on. */
  outlineBelow(scope: RunScope, limit: number): Promise<OutlineFound>;

  /** Outlined actions whole, any number of them, of any traces; verified before claimed, none whose reference failed. */
  some(actions: readonly StampedSpan[]): Promise<readonly RecordedAction[]>;

  /** Exact, whatever their number. Contradicting records of one span count as one action. */
  totalsBelow(scope: RunScope): Promise<RunTotals>;

  /** The same for each run by itself, without the runs below it: by run id. A run that did nothing is not among them. */
  totalsByRun(scope: RunScope): Promise<ReadonlyMap<string, Omit<RunTotals, 'runs'>>>;

  /** The span that opens a run, verified before claimed. */
  openingOf(runId: string): Promise<RecordedAction | undefined>;

  /** The same of several runs, by run id; at most 200. */
  openingsOf(runIds: readonly string[]): Promise<ReadonlyMap<string, RecordedAction>>;

  /** What a run did first, as far as it has arrived, verified before claimed. */
  firstOf(runId: string): Promise<RecordedAction | undefined>;

  /**
   * The newest that a filter finds, and no more of each than tells which of them are meant. Whom one is attributed to is not
   * looked up.
   */
  touching(filter: ActionFilter, limit: number): Promise<TouchingFound>;

  /** Newest first. A page holds at most `limit` spans; a cursor leads on whatever arrives in between. */
  search(search: ActionSearch): Promise<ActionPage>;

  /** When the first record that is still held was received, RFC 3339. Absent: there is none. */
  since(): Promise<string | undefined>;
}

/** Records shown of one span id: enough to see a conflict. */
export const RECORDS_PER_SPAN = 64;

export interface ActionsFound {
  readonly records: readonly RecordedAction[];
  /** There are more than were asked for. */
  readonly truncated: boolean;
}

/** A span, and the run that its own row names, if any. */
export type StampedSpan = SpanRef & Pick<Action, 'runId' | 'assurance'>;

/** What an action did to what, and when. */
export type TouchingAction = Pick<
  Action,
  | 'traceId'
  | 'spanId'
  | 'parentSpanId'
  | 'operation'
  | 'target'
  | 'startTime'
  | 'durationNanos'
  | 'status'
  | 'assurance'
>;

export interface TouchingFound {
  readonly touching: readonly TouchingAction[];
  /** There are more than were asked for. */
  readonly truncated: boolean;
  /** Some of these as they are recorded, at most 100. */
  whole(some: readonly TouchingAction[]): Promise<readonly RecordedAction[]>;
}

export interface TraceOutline {
  readonly spans: readonly OutlinedSpan[];
  /** There are more than were asked for, and none is given. */
  readonly truncated: boolean;
}

export interface OutlinedSpan {
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly witness: Witness;
}

export interface RunTotals {
  readonly actions: number;
  readonly errors: number;
  /** Runs that acted. */
  readonly runs: number;
  readonly services: number;
  /** Actions that came with a reference to one of the runs which failed its check. Not counted above. */
  readonly refuted: number;
}

/** What is absent does not narrow. */
export interface ActionFilter {
  /** Nanoseconds since the epoch, inclusive. */
  readonly fromNanos?: bigint;
  /** Nanoseconds since the epoch, exclusive. */
  readonly toNanos?: bigint;
  readonly principal?: string;
  readonly runId?: string;
  readonly rootRunId?: string;
  readonly service?: string;
  readonly system?: string;
  readonly operation?: string;
  /**
   * How the target, or its shape, begins. Everything that begins so is looked at: `wholeTarget` costs a page, however
   * much there is.
   */
  readonly target?: string;
  /** The whole target; or a shape: every target of that shape. */
  readonly wholeTarget?: string;
  /** Any of these, each as it is. */
  readonly targets?: readonly string[];
  /** Fingerprint of the statement, as `RecordedAction` has it. */
  readonly statementHash?: string;
  /** Part of the name, statement, target or status message, upper and lower case alike. */
  readonly text?: string;
  readonly assurance?: Assurance;
  readonly status?: ActionStatus;
}

export interface ActionSearch {
  readonly filter: ActionFilter;
  /** From 1 to 1000. */
  readonly limit: number;
  readonly after?: ActionPosition;
}

/** Where a page ended. */
export interface ActionPosition extends SpanRef {
  readonly startNanos: bigint;
}

export interface ActionPage {
  readonly records: readonly RecordedAction[];
  /** Absent: this was the last page. */
  readonly next?: ActionPosition;
}
