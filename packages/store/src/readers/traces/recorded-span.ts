import type { RecordedAction } from '../actions/recorded-action.ts';

/**
 * A span whole, as it was sent: what trace viewers show. Values of attributes are texts, as the OpenTelemetry Collector's
 * ClickHouse exporter keeps them; what was a list or a map is JSON.
 */
export interface RecordedSpan extends RecordedAction {
  readonly startNanos: bigint;
  readonly durationNanos: bigint;
  /** W3C `tracestate`, as it came. */
  readonly traceState: string;
  readonly attributes: Attributes;
  readonly resource: Attributes;
  readonly scope: { readonly name: string; readonly version: string };
  readonly events: readonly SpanEvent[];
  readonly spanLinks: readonly SpanLink[];
}

export type Attributes = Readonly<Record<string, string>>;

export interface SpanEvent {
  readonly nanos: bigint;
  readonly name: string;
  readonly attributes: Attributes;
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly attributes: Attributes;
}
