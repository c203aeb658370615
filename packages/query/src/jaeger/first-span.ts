import type { RecordedSpan } from '@whence/store';
import { RECORD_TAGS, sorted, type Tag, tagsOf } from './attribution-tags.ts';
import type { Reference, SpanNotes } from './span-notes.ts';
import { shortTraceId } from './trace-id.ts';

/** A span as Jaeger's first API writes it. Times are in microseconds. */
export interface FirstSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  readonly references: readonly FirstReference[];
  readonly startTime: number;
  readonly duration: number;
  readonly tags: readonly KeyValue[];
  readonly logs: readonly { readonly timestamp: number; readonly fields: readonly KeyValue[] }[];
  readonly processID: string;
  readonly warnings: readonly string[] | null;
}

export interface FirstReference {
  readonly refType: Reference['type'];
  readonly traceID: string;
  readonly spanID: string;
}

export interface KeyValue {
  readonly key: string;
  readonly type: 'string' | 'bool';
  readonly value: string | boolean;
}

export interface Process {
  readonly serviceName: string;
  readonly tags: readonly KeyValue[];
}

export const firstSpanOf = (span: RecordedSpan, notes: SpanNotes, processID: string): FirstSpan => {
  const { action } = span;
  return {
    traceID: shortTraceId(action.traceId),
    spanID: action.spanId,
    operationName: action.name,
    references: notes.references.map(({ type, traceId, spanId }) => ({
      refType: type,
      traceID: shortTraceId(traceId),
      spanID: spanId,
    })),
    startTime: microsOf(span.startNanos),
    duration: microsOf(span.durationNanos),
    tags: spanTags(span, notes),
    logs: span.events.map(({ nanos, name, attributes }) => ({
      timestamp: microsOf(nanos),
      fields: [
        ...(name === '' || 'event' in attributes ? [] : [text(['event', name])]),
        ...sorted(Object.entries(attributes)).map(text),
      ],
    })),
    processID,
    warnings: notes.warnings.length === 0 ? null : notes.warnings,
  };
};

/** What Jaeger's translation from OTLP makes tags of, in its order; then what the record says. */
const spanTags = (span: RecordedSpan, notes: SpanNotes): readonly KeyValue[] => {
  const { action, scope, traceState } = span;
  const { own, said } = tagsOf(span);
  return [
    ...some('otel.scope.name', scope.name),
    ...some('otel.scope.version', scope.version),
    ...own.map(text),
    ...some('span.kind', action.kind === 'unspecified' ? '' : action.kind),
    ...some('otel.status_code', action.status === 'unset' ? '' : action.status.toUpperCase()),
    ...(action.status === 'error' ? [{ key: 'error', type: 'bool', value: true } as const] : []),
    ...some('otel.status_description', action.statusMessage ?? ''),
    ...some('w3c.tracestate', traceState),
    ...said.map(text),
    ...notedTags(notes).map(text),
  ];
};

/** Codes of what is missing, and what the span brought about elsewhere: a reference does not tell which way it points. */
export const notedTags = ({ references, missing }: SpanNotes): readonly Tag[] => {
  const caused = references.filter(({ by }) => by === 'effect');
  const codes = [...new Set(missing.map(({ code }) => code))];
  return [
    ...(codes.length === 0 ? [] : [[RECORD_TAGS.missing, codes.join(', ')] as const]),
    ...(caused.length === 0
      ? []
      : [
          [
            RECORD_TAGS.caused,
            caused
              .map(
                ({ traceId, spanId, kind }) =>
                  `${traceId}/${spanId}${kind === undefined ? '' : ` (${kind})`}`,
              )
              .join(', '),
          ] as const,
        ]),
  ];
};

export const processOf = ({ action, resource }: RecordedSpan): Process => ({
  serviceName: serviceNameOf(action.service ?? ''),
  tags: sorted(Object.entries(resource))
    .filter(([key]) => key !== 'service.name')
    .map(text),
});

/** What Jaeger calls the service of a span that names none. */
const NO_SERVICE = 'OTLPResourceNoServiceName';

export const serviceNameOf = (service: string): string => (service === '' ? NO_SERVICE : service);

/** What a service that is asked for may be called in the store. */
export const servicesNamed = (service: string): readonly string[] =>
  service === NO_SERVICE ? ['', NO_SERVICE] : [service];

const text = ([key, value]: Tag): KeyValue => ({ key, type: 'string', value });

const some = (key: string, value: string): readonly KeyValue[] => (value === '' ? [] : [text([key, value])]);

/** Rounded down: a JavaScript number holds microseconds exactly until the year 2255. */
const microsOf = (nanos: bigint): number => Number((nanos - (((nanos % 1_000n) + 1_000n) % 1_000n)) / 1_000n);
