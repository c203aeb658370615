import { z } from 'zod';
import type {
  OtlpAttribute,
  OtlpEvent,
  OtlpLink,
  OtlpSpan,
  ResourceSpans,
  ScopeSpans,
} from './otlp-spans.ts';

/** Answers of Jaeger's third API: OTLP's JSON. */

const TEXT = z.object({ stringValue: z.string() }).readonly();

const ATTRIBUTE = z
  .object({
    key: z.string(),
    value: z.union([
      TEXT,
      z.object({ arrayValue: z.object({ values: z.array(TEXT).readonly() }).readonly() }).readonly(),
    ]),
  })
  .readonly()
  .meta({
    id: 'OtlpAttribute',
    description: 'Texts: the store keeps no types. A list is `@jaeger@warnings` alone.',
  }) satisfies z.ZodType<OtlpAttribute>;

const ATTRIBUTES = z.array(ATTRIBUTE).readonly();

const EVENT = z
  .object({ timeUnixNano: z.string(), name: z.string(), attributes: ATTRIBUTES })
  .readonly() satisfies z.ZodType<OtlpEvent>;

const LINK = z
  .object({
    traceId: z.string(),
    spanId: z.string(),
    traceState: z.string().exactOptional(),
    attributes: ATTRIBUTES,
  })
  .readonly()
  .meta({
    id: 'OtlpLink',
    description:
      'With the attribute `whence.link` it is none of the span itself: `cause` brought it about, `effect` was brought about by it.',
  }) satisfies z.ZodType<OtlpLink>;

const SPAN = z
  .object({
    traceId: z.string(),
    spanId: z.string(),
    parentSpanId: z.string().exactOptional(),
    traceState: z.string().exactOptional(),
    name: z.string(),
    kind: z.number().describe('As in OTLP: 0 unspecified to 5 consumer.'),
    startTimeUnixNano: z.string(),
    endTimeUnixNano: z.string(),
    attributes: ATTRIBUTES,
    events: z.array(EVENT).readonly(),
    links: z.array(LINK).readonly(),
    status: z
      .object({ code: z.number().exactOptional(), message: z.string().exactOptional() })
      .readonly()
      .describe('1 ok, 2 error.'),
  })
  .readonly()
  .meta({ id: 'OtlpSpan' }) satisfies z.ZodType<OtlpSpan>;

const SCOPE_SPANS = z
  .object({
    scope: z.object({ name: z.string().exactOptional(), version: z.string().exactOptional() }).readonly(),
    spans: z.array(SPAN).readonly(),
  })
  .readonly() satisfies z.ZodType<ScopeSpans>;

const RESOURCE_SPANS = z
  .object({
    resource: z.object({ attributes: ATTRIBUTES }).readonly(),
    scopeSpans: z.array(SCOPE_SPANS).readonly(),
  })
  .readonly()
  .meta({ id: 'OtlpResourceSpans' }) satisfies z.ZodType<ResourceSpans>;

export const WARNINGS = z
  .array(z.string())
  .readonly()
  .exactOptional()
  .describe('What the answer leaves out. Not of Jaeger, whose clients pass it over.');

export const OTLP = z
  .object({
    result: z.object({ resourceSpans: z.array(RESOURCE_SPANS).readonly() }).readonly(),
    warnings: WARNINGS,
  })
  .readonly();

export const SERVICES = z.object({ services: z.array(z.string()).readonly(), warnings: WARNINGS }).readonly();

export const OPERATIONS = z
  .object({
    operations: z.array(z.object({ name: z.string(), spanKind: z.string() }).readonly()).readonly(),
    warnings: WARNINGS,
  })
  .readonly();

const SUMMARY = z
  .object({
    traceId: z.string(),
    rootServiceName: z.string().exactOptional(),
    rootOperationName: z.string().exactOptional(),
    minStartTimeUnixNano: z.string(),
    maxEndTimeUnixNano: z.string(),
    spanCount: z.number(),
    errorSpanCount: z.number(),
    orphanSpanCount: z.number().exactOptional().describe('Absent: the traces are too large to count them.'),
    services: z
      .array(z.object({ name: z.string(), spanCount: z.number(), errorSpanCount: z.number() }).readonly())
      .readonly(),
  })
  .readonly()
  .meta({ id: 'JaegerTraceSummary' });

export const SUMMARIES = z.object({ summaries: z.array(SUMMARY).readonly(), warnings: WARNINGS }).readonly();
