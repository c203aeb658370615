import { ASSURANCES } from '@whence/model';
import { z } from 'zod';
import { ACTION } from '../answers/record.ts';
import { defined } from '../api/defined.ts';
import { pageEndpoint } from '../api/page-endpoint.ts';
import { badParameter, moment, text } from '../api/parameters.ts';
import { ACTION_CSV, ACTION_POSITION } from './actions.ts';

/** A URL may be longer than other texts. */
const target = z
  .string()
  .min(1, 'empty')
  .max(8000, 'longer than 8000 characters')
  .refine((value) => !value.includes('\0'), 'holds a NUL character');

export const targetHistoryRoute = pageEndpoint({
  path: '/v1/targets/{uri}/history',
  tag: 'lineage',
  summary: 'Who touched this, when, by which statement, and what allowed it: newest first',
  description:
    'Of exactly this target, or, where it has `{id}` in the path of a URL, of all that differ in ids alone; whoever it was: unattributed and refuted records are there too. What arrives while pages are turned is not on them, and shifts nothing.',
  examples: [
    { summary: 'Of a table', request: '/v1/targets/postgresql%3A%2F%2Fdb%3A5432%2Fbank%2Finvoices/history' },
    {
      summary: 'Who changed it that night',
      request:
        '/v1/targets/postgresql%3A%2F%2Fdb%3A5432%2Fbank%2Finvoices/history?operation=UPDATE&from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z',
    },
  ],
  pathParameters: z.object({ uri: target.describe('Resource URI, percent-encoded.') }),
  parameters: z.object({
    from: moment.optional().describe('Started then or later.'),
    to: moment.optional().describe('Started before then.'),
    operation: text.optional(),
    principal: text.optional().describe('Id of the principal, as it is.'),
    assurance: z.enum(ASSURANCES, `one of ${ASSURANCES.join(', ')}`).optional(),
    errors: z.literal('only', 'only, or not said').optional().describe('`only`: those that failed.'),
  }),
  name: 'actions',
  item: ACTION,
  columns: ACTION_CSV,
  position: ACTION_POSITION,
  respond: async ({ path: { uri }, parameters, limit, after }, { readers }) => {
    const { from, to, errors, ...narrowed } = parameters;
    if (from !== undefined && to !== undefined && from >= to) throw badParameter('to', 'not after "from"');
    const page = await readers.targets.history({
      target: uri,
      filter: defined({
        ...narrowed,
        fromNanos: from,
        toNanos: to,
        status: errors === undefined ? undefined : ('error' as const),
      }),
      limit,
      ...(after === undefined ? {} : { after }),
    });
    return {
      items: page.records.map(({ action }) => action),
      ...(page.next === undefined ? {} : { next: page.next }),
    };
  },
});
