import type { SpanKind, Witness } from '@whence/model';
import type { ActionFilter } from '../actions/action-reader.ts';
import type { RecordedSpan } from './recorded-span.ts';

/**
 * Reads whole traces of one tenant, for trace viewers. Traces may be of any size: nothing here takes more memory than
 * the limits that it is given.
 *
 * Every method throws StoreError `store_unavailable` or `store_refused`, and nothing else.
 */
export interface TraceReader {
  /** Traces that hold a span that meets all conditions, those with the newest such span first. */
  find(search: TraceSearch): Promise<TracesFound>;

  /** What each trace holds, in the order given; at most 1500 ids. A trace of which nothing is held is left out. */
  summaries(traceIds: readonly string[]): Promise<readonly TraceSummary[]>;

  /** Where the spans of a trace stand, oldest first. */
  layout(traceId: string, limit: number): Promise<TraceLayout>;

  /** The spans of a layout whole, in its order, in chunks as they come. Leaving the loop ends the read. */
  spans(traceId: string, layout: TraceLayout): AsyncIterable<readonly RecordedSpan[]>;

  /** Traces of some hundreds of spans each, whole, oldest first. At most 100 ids. */
  smallTraces(
    traceIds: readonly string[],
    limit: number,
  ): Promise<ReadonlyMap<string, readonly RecordedSpan[]>>;

  /** How many spans began in each hour of this time in which any did, the newest hour first. */
  hours(fromNanos: bigint, toNanos: bigint, limit: number): Promise<readonly SpansOfHour[]>;

  /** How often a service was called by another, by the parent spans of what began in this time. */
  calls(fromNanos: bigint, toNanos: bigint): Promise<ServiceCalls>;
}

export interface TraceSearch {
  readonly filter: TraceFilter;
  /** Traces; from 1 to 1500. */
  readonly limit: number;
}

/** What one span of the trace must be. What is absent does not narrow. */
export interface TraceFilter {
  readonly action?: Omit<ActionFilter, 'service'>;
  /** Any of them. */
  readonly services?: readonly string[];
  /** Name of the span. */
  readonly name?: string;
  readonly kind?: SpanKind;
  readonly minDurationNanos?: bigint;
  readonly maxDurationNanos?: bigint;
  readonly statusMessage?: string;
  readonly scopeName?: string;
  readonly scopeVersion?: string;
  readonly traceState?: string;
  readonly target?: string;
  readonly actor?: string;
  readonly principalKind?: string;
  readonly authority?: string;
  readonly witness?: Witness;
  /** An attribute of the span, its resource, an event or a link. */
  readonly attributes?: readonly (readonly [key: string, value: string])[];
  /** An attribute of the span itself. */
  readonly ownAttributes?: readonly (readonly [key: string, value: string])[];
}

export interface TracesFound {
  readonly traceIds: readonly string[];
  /** Spans that meet the conditions and were looked at, the newest, where that is not all of them. */
  readonly lookedAt?: number;
}

export interface TraceSummary {
  readonly traceId: string;
  /** Of the first span without a parent. */
  readonly root?: { readonly service: string; readonly name: string };
  readonly startNanos: bigint;
  readonly endNanos: bigint;
  readonly spans: number;
  /** The same span may have been recorded more than once. */
  readonly records: number;
  readonly errors: number;
  /** Spans whose parent has not arrived. Absent: the traces are too large to look for them. */
  readonly orphans?: number;
  readonly services: readonly ServiceSummary[];
}

export interface ServiceSummary {
  readonly name: string;
  readonly spans: number;
  readonly errors: number;
}

export interface SpanPlace {
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startNanos: bigint;
  /** A mark of the recorder, not a span: that span had not ended when it was made. */
  readonly isMark: boolean;
}

export interface TraceLayout {
  readonly places: readonly SpanPlace[];
  /** A span stands in it more than once: it was delivered again, or with other contents. */
  readonly hasRepeats: boolean;
  /** Records of the trace, where there are more than were asked for. */
  readonly records?: number;
}

export interface ServiceCalls {
  readonly calls: readonly { readonly parent: string; readonly child: string; readonly count: number }[];
  /** Spans with a parent that did not begin in this time or in the hour before it. */
  readonly unmatched: number;
}

export interface SpansOfHour {
  /** When it begins. */
  readonly nanos: bigint;
  readonly spans: number;
}
