import { z } from 'zod';
import type { FirstReference, FirstSpan, KeyValue, Process } from './first-span.ts';

/** Answers of Jaeger's first HTTP API, `{ data, total, limit, offset, errors }`. */

export const envelope = <Data extends z.ZodType>(data: Data) =>
  z
    .object({
      data,
      total: z.number(),
      limit: z.number(),
      offset: z.number(),
      errors: z
        .array(
          z
            .object({
              code: z.number().exactOptional(),
              msg: z.string(),
              traceID: z.string().exactOptional(),
            })
            .readonly(),
        )
        .readonly()
        .nullable(),
      warnings: z
        .array(z.string())
        .readonly()
        .exactOptional()
        .describe('What the answer leaves out. Not of Jaeger, whose clients pass it over.'),
    })
    .readonly();

const KEY_VALUE = z
  .object({
    key: z.string(),
    type: z
      .enum(['string', 'bool'])
      .describe('`bool` for `error` alone: the store keeps attributes as texts.'),
    value: z.union([z.string(), z.boolean()]),
  })
  .readonly()
  .meta({ id: 'JaegerKeyValue' }) satisfies z.ZodType<KeyValue>;

const REFERENCE = z
  .object({ refType: z.enum(['CHILD_OF', 'FOLLOWS_FROM']), traceID: z.string(), spanID: z.string() })
  .readonly()
  .meta({
    id: 'JaegerReference',
    description:
      '`FOLLOWS_FROM`: a link of the span, what else brought it about, or, named in the tag `whence.caused`, what it brought about in other traces.',
  }) satisfies z.ZodType<FirstReference>;

const SPAN = z
  .object({
    traceID: z.string().describe('32 hex digits; 16 where the first 16 are zero.'),
    spanID: z.string(),
    operationName: z.string(),
    references: z.array(REFERENCE).readonly().describe('The parent first.'),
    startTime: z.number().describe('Microseconds since the epoch.'),
    duration: z.number().describe('Microseconds.'),
    tags: z.array(KEY_VALUE).readonly(),
    logs: z
      .array(z.object({ timestamp: z.number(), fields: z.array(KEY_VALUE).readonly() }).readonly())
      .readonly(),
    processID: z.string(),
    warnings: z.array(z.string()).readonly().nullable().describe('What is missing or contradictory.'),
  })
  .readonly()
  .meta({ id: 'JaegerSpan' }) satisfies z.ZodType<FirstSpan>;

const PROCESS = z
  .object({ serviceName: z.string(), tags: z.array(KEY_VALUE).readonly() })
  .readonly() satisfies z.ZodType<Process>;

const TRACE = z
  .object({
    traceID: z.string(),
    spans: z.array(SPAN).readonly(),
    processes: z.record(z.string(), PROCESS).readonly(),
    warnings: z.array(z.string()).readonly().nullable(),
  })
  .readonly()
  .meta({ id: 'JaegerTrace' });

export const TRACES = envelope(z.array(TRACE).readonly());

export const NAMES = envelope(z.array(z.string()).readonly());

export const OPERATIONS = envelope(
  z.array(z.object({ name: z.string(), spanKind: z.string() }).readonly()).readonly(),
);

export const DEPENDENCIES = envelope(
  z.array(z.object({ parent: z.string(), child: z.string(), callCount: z.number() }).readonly()).readonly(),
);
