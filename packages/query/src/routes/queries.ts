import type { QueryPosition } from '@whence/store';
import { z } from 'zod';
import { QUERY } from '../answers/query.ts';
import { type PositionCodec, pageEndpoint } from '../api/page-endpoint.ts';
import { badParameter, moment, text } from '../api/parameters.ts';

const POSITION: PositionCodec<QueryPosition> = {
  write: ({ startNanos, spanId }) => [startNanos.toString(), spanId],
  read: ([nanos = '', spanId = '']) =>
    /^-?\d{1,19}$/.test(nanos) && /^[0-9a-f]{16}$/.test(spanId)
      ? { startNanos: BigInt(nanos), spanId }
      : undefined,
};

const COLUMNS = [
  ...['at', 'principal.id', 'principal.kind', 'assurance', 'role', 'method', 'route', 'request', 'status'],
  ...['problem', 'rows', 'dropped', 'durationNanos', 'client', 'forwardedFor', 'userAgent'],
  ...['spanId', 'traceId', 'caller.traceId', 'caller.spanId'],
];

export const queriesRoute = pageEndpoint({
  path: '/v1/queries',
  role: 'auditor',
  tag: 'access',
  summary: 'Who looked at what, newest first',
  description:
    'Every request for something of the record is itself an action of it (`system=whence`), on disk before it is answered and to be found here about half a second later. Refused ones are among them; where there were too many of these, one entry says how many (`dropped`).',
  examples: [
    { summary: 'Who asked for a run', request: '/v1/queries?path=/v1/runs/' },
    {
      summary: 'What one person looked at',
      request: '/v1/queries?principal=user:dana@example.com&from=2026-03-01T00:00:00Z',
    },
  ],
  parameters: z.object({
    principal: text.optional().describe('Id of whoever asked, as it is.'),
    path: text.optional().describe('How the path begins, from `/v1/` on.'),
    from: moment.optional().describe('Asked then or later.'),
    to: moment.optional().describe('Asked before then.'),
  }),
  name: 'queries',
  item: QUERY,
  columns: COLUMNS,
  position: POSITION,
  respond: async ({ parameters: { principal, path, from, to }, limit, after }, { readers }) => {
    if (from !== undefined && to !== undefined && from >= to) throw badParameter('to', 'not after "from"');
    const { queries, next } = await readers.queries.search({
      filter: {
        ...(principal === undefined ? {} : { principal }),
        ...(path === undefined ? {} : { path }),
        ...(from === undefined ? {} : { fromNanos: from }),
        ...(to === undefined ? {} : { toNanos: to }),
      },
      limit,
      ...(after === undefined ? {} : { after }),
    });
    return { items: queries, ...(next === undefined ? {} : { next }) };
  },
});
