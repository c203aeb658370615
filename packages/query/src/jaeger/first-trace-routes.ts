import type { Readers } from '@whence/store';
import { z } from 'zod';
import { jsonStream } from '../api/json-stream.ts';
import { badParameter, count } from '../api/parameters.ts';
import { QueryError } from '../query-error.ts';
import { anyTraceId, duration, idle, micros, name, tagsJson, withinStore } from './fields.ts';
import { TRACES } from './first-answers.ts';
import { foundTraces, tracesOf } from './found-traces.ts';
import { jaegerEndpoint } from './jaeger-endpoint.ts';
import { wholeTrace } from './noted-trace.ts';
import { firstRefusal } from './refusals.ts';
import { nowNanos, searchOf, TRACES_MAX } from './search.ts';
import { sendFirst } from './send-first.ts';
import { shortTraceId } from './trace-id.ts';

const LAYOUT = { raw: idle, prettyPrint: idle };

const oneOrMore = <Field extends z.ZodType>(field: Field) =>
  z.union([field.transform((one) => [one]), z.array(field).max(IDS_MAX, `more than ${IDS_MAX}`)]);

/** Traces that may be asked for by their ids. */
const IDS_MAX = 100;

/** `http.method:POST` */
const simpleTag = z
  .string()
  .max(1000, 'longer than 1000 characters')
  .regex(/^[^:\0]+:[^\0]*$/, 'a tag is key:value')
  .transform((text): readonly [string, string] => {
    const at = text.indexOf(':');
    return [text.slice(0, at), text.slice(at + 1)];
  });

const PARAMETERS = z.object({
  service: name.optional().describe('Absent: any.'),
  operation: name.optional().describe('Name of a span.'),
  tags: tagsJson.optional(),
  tag: oneOrMore(simpleTag).optional().describe('`key:value`; may be given several times.'),
  start: micros.optional(),
  end: micros.optional().describe('Microseconds since the epoch; now, where not said.'),
  lookback: z
    .union([z.literal('custom').transform(() => undefined), duration])
    .optional()
    .describe('How long before the end it starts where `start` is not given; two days where not said.'),
  minDuration: duration.optional(),
  maxDuration: duration.optional(),
  limit: count(1, TRACES_MAX).optional().describe('Traces; 20 where not said.'),
  traceID: oneOrMore(anyTraceId).optional().describe('These traces instead; may be given several times.'),
  ...LAYOUT,
});

const LIMIT = 20;
const LOOKBACK_NANOS = 2n * 86_400_000_000_000n;
const NAMES = { to: 'end', maxDuration: 'maxDuration', tags: 'tags' };

export const searchRoute = jaegerEndpoint({
  path: '/api/traces',
  summary: 'Traces that hold such a span, newest first (Jaeger)',
  description:
    'All conditions are met by one span. Sent as it is read; large traces are cut, and say so. What a trace caused in others is told at its own address alone.',
  examples: [
    {
      summary: 'What failed in a service',
      request:
        '/api/traces?service=report&tags=%7B%22error%22%3A%22true%22%7D&start=1772334000000000&limit=5',
    },
    {
      summary: 'What a principal did',
      request:
        '/api/traces?tag=whence.principal.id:k8s://demo/jobs/nightly&start=1772334000000000&minDuration=1ms',
    },
  ],
  refusal: firstRefusal,
  parameters: PARAMETERS,
  answer: TRACES,
  respond: async ({ parameters }, { readers }, response) => {
    const { traceID: ids } = parameters;
    if (ids !== undefined) {
      const held = await heldAmong(readers, ids);
      const absent = ids.filter((id) => !held.includes(id));
      const { traces, warnings } = tracesOf(readers, held);
      const errors = absent.map((id) => ({ msg: 'trace not found', traceID: shortTraceId(id) }));
      await sendFirst(jsonStream(response), traces, { errors, warnings });
      return undefined;
    }
    const { traces, warnings } = await foundTraces(readers, searchIn(parameters));
    await sendFirst(jsonStream(response), traces, { warnings });
    return undefined;
  },
});

const heldAmong = async (readers: Readers, ids: readonly string[]): Promise<readonly string[]> => {
  const held = new Set((await readers.traces.summaries(ids)).map(({ traceId }) => traceId));
  return ids.filter((id) => held.has(id));
};

const searchIn = (parameters: z.output<typeof PARAMETERS>) => {
  const { service, operation, tags = [], tag = [], minDuration, maxDuration, limit = LIMIT } = parameters;
  const toNanos = parameters.end ?? nowNanos();
  const fromNanos = parameters.start ?? withinStore(toNanos - (parameters.lookback ?? LOOKBACK_NANOS));
  const all = [...tags, ...tag];
  if (all.length > 20) throw badParameter('tag', 'more than 20 tags');
  return searchOf(
    { service, operation, tags: all, fromNanos, toNanos, minDuration, maxDuration, limit },
    NAMES,
  );
};

export const traceRoute = jaegerEndpoint({
  path: '/api/traces/{traceID}',
  summary: 'A trace with its causes and effects (Jaeger)',
  description:
    'Spans carry whom the record names for them (`whence.*`), and what is missing as warnings. At most 50,000 records, the oldest: the answer says how many are left out.',
  examples: [{ summary: 'By id', request: '/api/traces/F0000000000000000000000000000000' }],
  refusal: firstRefusal,
  pathParameters: z.object({ traceID: anyTraceId }),
  parameters: z.object({
    start: micros.optional().describe('A hint, which is not needed: the trace is found, and given whole.'),
    end: micros.optional().describe('Likewise.'),
    ...LAYOUT,
  }),
  answer: TRACES,
  respond: async ({ path: { traceID } }, { readers }, response) => {
    const trace = await wholeTrace(readers, traceID);
    // The words of Jaeger, which clients of it know.
    if (trace === undefined) throw new QueryError('unknown_trace', 'trace not found');
    await sendFirst(jsonStream(response), [trace]);
    return undefined;
  },
});
