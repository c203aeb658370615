import { SPAN_KINDS } from '@whence/model';
import type { RecordedSpan } from '@whence/store';
import { sorted, type Tag, tagsOf } from './attribution-tags.ts';
import { notedTags } from './first-span.ts';
import type { Reference, SpanNotes } from './span-notes.ts';

/** Spans as OTLP's JSON has them, with what the record says as attributes and links. */
export interface ResourceSpans {
  readonly resource: { readonly attributes: readonly OtlpAttribute[] };
  readonly scopeSpans: readonly ScopeSpans[];
}

export interface ScopeSpans {
  readonly scope: { readonly name?: string; readonly version?: string };
  readonly spans: readonly OtlpSpan[];
}

export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly events: readonly OtlpEvent[];
  readonly links: readonly OtlpLink[];
  readonly status: { readonly code?: number; readonly message?: string };
}

export interface OtlpEvent {
  readonly timeUnixNano: string;
  readonly name: string;
  readonly attributes: readonly OtlpAttribute[];
}

export interface OtlpLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState?: string;
  readonly attributes: readonly OtlpAttribute[];
}

export interface OtlpAttribute {
  readonly key: string;
  readonly value:
    | { readonly stringValue: string }
    | { readonly arrayValue: { readonly values: readonly { readonly stringValue: string }[] } };
}

/** Where Jaeger keeps what it has to say of a span. */
const WARNINGS = '@jaeger@warnings';

/** On a link that the span does not have itself. `cause`: what brought it about. `effect`: what it brought about. */
export const LINK_DIRECTION = 'whence.link';

const STATUS_CODES = { unset: 0, ok: 1, error: 2 } as const;

export interface Noted {
  readonly span: RecordedSpan;
  readonly notes: SpanNotes;
}

/** Neighbours of one resource and one scope stand together; the order of the spans stays. */
export const resourceSpansOf = (noted: readonly Noted[]): readonly ResourceSpans[] => {
  const groups: { key: string; resource: RecordedSpan; scopes: Map<string, Noted[]> }[] = [];
  const byResource = new Map<string, (typeof groups)[number]>();
  for (const each of noted) {
    const { action, resource, scope } = each.span;
    const key = JSON.stringify([action.traceId, action.service, resource]);
    let group = byResource.get(key);
    if (group === undefined) {
      group = { key, resource: each.span, scopes: new Map() };
      byResource.set(key, group);
      groups.push(group);
    }
    const scopeKey = JSON.stringify(scope);
    const spans = group.scopes.get(scopeKey);
    if (spans === undefined) group.scopes.set(scopeKey, [each]);
    else spans.push(each);
  }
  return groups.map(({ resource, scopes }) => ({
    resource: { attributes: resourceAttributes(resource) },
    scopeSpans: [...scopes.values()].map((spans) => ({
      scope: { ...some('name', spans[0]!.span.scope.name), ...some('version', spans[0]!.span.scope.version) },
      spans: spans.map(otlpSpanOf),
    })),
  }));
};

const resourceAttributes = ({ action, resource }: RecordedSpan): readonly OtlpAttribute[] => {
  const named =
    action.service === undefined || 'service.name' in resource
      ? resource
      : { ...resource, 'service.name': action.service };
  return sorted(Object.entries(named)).map(attribute);
};

const otlpSpanOf = ({ span, notes }: Noted): OtlpSpan => {
  const { action } = span;
  const { own, said } = tagsOf(span);
  const parent = notes.references.find(({ by }) => by === 'parent');
  return {
    traceId: action.traceId,
    spanId: action.spanId,
    ...some('parentSpanId', parent?.spanId ?? ''),
    ...some('traceState', span.traceState),
    name: action.name,
    kind: SPAN_KINDS.indexOf(action.kind),
    startTimeUnixNano: unsigned(span.startNanos),
    endTimeUnixNano: unsigned(span.startNanos + span.durationNanos),
    attributes: [
      ...[...own, ...said, ...notedTags(notes)].map(attribute),
      ...(notes.warnings.length === 0 ? [] : [warningsAttribute(notes.warnings)]),
    ],
    events: span.events.map(({ nanos, name, attributes }) => ({
      timeUnixNano: unsigned(nanos),
      name,
      attributes: sorted(Object.entries(attributes)).map(attribute),
    })),
    links: notes.references.filter(({ by }) => by !== 'parent').map(linkOf),
    status: {
      ...(action.status === 'unset' ? {} : { code: STATUS_CODES[action.status] }),
      ...some('message', action.statusMessage ?? ''),
    },
  };
};

const linkOf = ({ traceId, spanId, by, kind, link }: Reference): OtlpLink => ({
  traceId,
  spanId,
  ...some('traceState', link?.traceState ?? ''),
  attributes:
    link === undefined
      ? [attribute([LINK_DIRECTION, by]), ...(kind === undefined ? [] : [attribute(['whence.cause', kind])])]
      : sorted(Object.entries(link.attributes)).map(attribute),
});

/** The store keeps texts alone: the types of attributes are not known any more. */
const attribute = ([key, value]: Tag): OtlpAttribute => ({ key, value: { stringValue: value } });

const warningsAttribute = (warnings: readonly string[]): OtlpAttribute => ({
  key: WARNINGS,
  value: { arrayValue: { values: warnings.map((stringValue) => ({ stringValue })) } },
});

/** OTLP's times are unsigned. */
const unsigned = (nanos: bigint): string => (nanos < 0n ? 0n : nanos).toString();

const some = <Key extends string>(key: Key, value: string): { readonly [K in Key]?: string } =>
  value === '' ? {} : ({ [key]: value } as { readonly [K in Key]: string });
