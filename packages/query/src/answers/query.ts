import type { RecordedQuery } from '@whence/store';
import { z } from 'zod';
import { ASSURANCE, MOMENT, PRINCIPAL } from './record.ts';

const SPAN_REF = z.object({ traceId: z.string(), spanId: z.string() }).readonly();

export const QUERY = z
  .object({
    spanId: z.string().describe('Of the action that the request is: `who?span=` tells of it.'),
    traceId: z.string(),
    at: MOMENT.nanos,
    durationNanos: z.number().describe('Until the answer was ready.'),
    principal: PRINCIPAL.exactOptional().describe('Absent: nothing proved who asked.'),
    assurance: ASSURANCE,
    role: z.string().exactOptional(),
    method: z.string(),
    route: z.string().describe('`/v1/runs/{id}`'),
    request: z.string().describe('The request line; values of parameters that are not known are left out.'),
    status: z.number().describe('HTTP status that was answered.'),
    problem: z.string().exactOptional().describe('Code of the problem that was answered.'),
    rows: z.number().exactOptional().describe('Items of the record that were given. Absent: not counted.'),
    dropped: z
      .number()
      .exactOptional()
      .describe('This stands for so many refused requests that are not recorded one by one.'),
    client: z.string().exactOptional().describe("Address of the connection's other end."),
    forwardedFor: z.string().exactOptional().describe('`X-Forwarded-For`, which anyone may write.'),
    userAgent: z.string().exactOptional(),
    caller: SPAN_REF.exactOptional().describe('The span that the request said it came from.'),
  })
  .readonly()
  .meta({
    id: 'Query',
    description: 'A question that was asked of the record.',
  }) satisfies z.ZodType<RecordedQuery>;
