import { z } from 'zod';
import { jsonStream } from '../api/json-stream.ts';
import { badParameter, count } from '../api/parameters.ts';
import { QueryError } from '../query-error.ts';
import { anyTraceId, duration, idle, name, rfc3339, spanKind, tagsJson } from './fields.ts';
import { serviceNameOf, servicesNamed } from './first-span.ts';
import { foundSummaries, foundTraces } from './found-traces.ts';
import { jaegerEndpoint } from './jaeger-endpoint.ts';
import { NAMES_MAX, namesLeftOut, optionalWarnings } from './names.ts';
import { wholeTrace } from './noted-trace.ts';
import { thirdRefusal } from './refusals.ts';
import { searchOf, TRACES_MAX } from './search.ts';
import { sendOtlp } from './send-otlp.ts';
import { OPERATIONS, OTLP, SERVICES, SUMMARIES } from './third-answers.ts';
import { summaryOf } from './trace-summary.ts';

export const servicesV3Route = jaegerEndpoint({
  path: '/api/v3/services',
  summary: 'Services (Jaeger v3)',
  examples: [{ summary: 'Ask', request: '/api/v3/services' }],
  refusal: thirdRefusal,
  answer: SERVICES,
  respond: async (_asked, { readers }) => {
    const found = await readers.operations.services(NAMES_MAX);
    return {
      services: [...new Set(found.items.map(serviceNameOf))],
      ...optionalWarnings(namesLeftOut(found)),
    };
  },
});

export const operationsV3Route = jaegerEndpoint({
  path: '/api/v3/operations',
  summary: 'Operations of a service, with their kinds (Jaeger v3)',
  examples: [{ summary: 'Of billing', request: '/api/v3/operations?service=billing' }],
  refusal: thirdRefusal,
  parameters: z.object({ service: name, spanKind: spanKind.optional(), span_kind: spanKind.optional() }),
  answer: OPERATIONS,
  respond: async ({ parameters: { service, spanKind: camel, span_kind: snake } }, { readers }) => {
    const kind = camel ?? snake;
    const asked = { services: servicesNamed(service), ...(kind === undefined ? {} : { kind }) };
    const found = await readers.operations.operations(asked, NAMES_MAX);
    return {
      operations: found.items.map((operation) => ({
        name: operation.name,
        spanKind: operation.kind === '' ? 'internal' : operation.kind,
      })),
      ...optionalWarnings(namesLeftOut(found)),
    };
  },
});

export const traceV3Route = jaegerEndpoint({
  path: '/api/v3/traces/{traceId}',
  summary: 'A trace with its causes and effects as OTLP (Jaeger v3)',
  description:
    'As at /api/traces/{traceID}; what the record adds are attributes `whence.*`, and links with the attribute `whence.link`.',
  examples: [{ summary: 'By id', request: '/api/v3/traces/f0000000000000000000000000000000' }],
  refusal: thirdRefusal,
  pathParameters: z.object({ traceId: anyTraceId }),
  parameters: z.object({
    startTime: rfc3339.optional().describe('A hint, which is not needed.'),
    start_time: rfc3339.optional(),
    endTime: rfc3339.optional().describe('Likewise.'),
    end_time: rfc3339.optional(),
    rawTraces: idle,
    raw_traces: idle,
  }),
  answer: OTLP,
  respond: async ({ path: { traceId } }, { readers }, response) => {
    const trace = await wholeTrace(readers, traceId);
    if (trace === undefined) throw new QueryError('unknown_trace', 'No traces found');
    await sendOtlp(jsonStream(response), [trace]);
    return undefined;
  },
});

const DEPTH = 100;

const depth = count(1, TRACES_MAX).optional().describe(`Traces; ${DEPTH} where not said.`);

/** The names of proto3's JSON, and the older ones beside them. */
const SEARCH = z.object({
  'query.serviceName': name.optional().describe('Absent: any.'),
  'query.service_name': name.optional(),
  'query.operationName': name.optional().describe('Name of a span.'),
  'query.operation_name': name.optional(),
  'query.attributes': tagsJson.optional(),
  'query.startTimeMin': rfc3339.optional().describe('RFC 3339; must be given.'),
  'query.start_time_min': rfc3339.optional(),
  'query.startTimeMax': rfc3339.optional().describe('RFC 3339; must be given.'),
  'query.start_time_max': rfc3339.optional(),
  'query.durationMin': duration.optional(),
  'query.duration_min': duration.optional(),
  'query.durationMax': duration.optional(),
  'query.duration_max': duration.optional(),
  'query.searchDepth': depth,
  'query.search_depth': depth,
  'query.num_traces': depth,
  'query.rawTraces': idle,
  'query.raw_traces': idle,
});

const searchIn = (asked: z.output<typeof SEARCH>) => {
  const fromNanos = asked['query.startTimeMin'] ?? asked['query.start_time_min'];
  const toNanos = asked['query.startTimeMax'] ?? asked['query.start_time_max'];
  if (fromNanos === undefined || toNanos === undefined) {
    throw badParameter('query.startTimeMin', 'query.startTimeMin and query.startTimeMax are required');
  }
  return searchOf(
    {
      service: asked['query.serviceName'] ?? asked['query.service_name'],
      operation: asked['query.operationName'] ?? asked['query.operation_name'],
      tags: asked['query.attributes'] ?? [],
      fromNanos,
      toNanos,
      minDuration: asked['query.durationMin'] ?? asked['query.duration_min'],
      maxDuration: asked['query.durationMax'] ?? asked['query.duration_max'],
      limit: asked['query.searchDepth'] ?? asked['query.search_depth'] ?? asked['query.num_traces'] ?? DEPTH,
    },
    { to: 'query.startTimeMax', maxDuration: 'query.durationMax', tags: 'query.attributes' },
  );
};

const TIMES = 'query.startTimeMin=2026-03-01T00:00:00Z&query.startTimeMax=2026-03-02T00:00:00Z';

export const searchV3Route = jaegerEndpoint({
  path: '/api/v3/traces',
  summary: 'Traces that hold such a span as OTLP, newest first (Jaeger v3)',
  description: 'All conditions are met by one span. 404 where no trace is found, as in Jaeger.',
  examples: [
    {
      summary: 'Of a service',
      request: `/api/v3/traces?query.serviceName=billing&${TIMES}&query.searchDepth=5`,
    },
  ],
  refusal: thirdRefusal,
  parameters: SEARCH,
  answer: OTLP,
  respond: async ({ parameters }, { readers }, response) => {
    const found = await foundTraces(readers, searchIn(parameters));
    if (found.traceIds.length === 0) {
      throw new QueryError('unknown_trace', 'No traces found');
    }
    await sendOtlp(jsonStream(response), found.traces, found.warnings);
    return undefined;
  },
});

export const summariesRoute = jaegerEndpoint({
  path: '/api/v3/trace-summaries',
  summary: 'What traces that hold such a span are about, newest first (Jaeger v3)',
  description: 'What Jaeger UI lists.',
  examples: [
    { summary: 'Of a day', request: `/api/v3/trace-summaries?${TIMES}` },
    {
      summary: 'Slow ones, by their older names',
      request:
        '/api/v3/trace-summaries?query.start_time_min=2026-03-01T00:00:00Z&query.start_time_max=2026-03-02T00:00:00Z&query.duration_min=100us',
    },
  ],
  refusal: thirdRefusal,
  parameters: SEARCH,
  answer: SUMMARIES,
  respond: async ({ parameters }, { readers }) => {
    const { summaries, warnings } = await foundSummaries(readers, searchIn(parameters));
    return { summaries: summaries.map(summaryOf), ...optionalWarnings(warnings) };
  },
});
