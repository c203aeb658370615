import { TARGET_ORDERS, type TargetPosition } from '@whence/store';
import { z } from 'zod';
import { TARGET_SUMMARY } from '../answers/inventory.ts';
import { defined } from '../api/defined.ts';
import { type PositionCodec, pageEndpoint } from '../api/page-endpoint.ts';
import { text } from '../api/parameters.ts';
import { POSITION } from './principals.ts';

const TARGET_POSITION: PositionCodec<TargetPosition> = {
  write: ({ value, target }) => POSITION.write({ value, id: target }),
  read: (texts) => {
    const read = POSITION.read(texts);
    return read === undefined ? undefined : { value: read.value, target: read.id };
  },
};

export const targetsRoute = pageEndpoint({
  path: '/v1/targets',
  tag: 'inventory',
  summary: 'What was acted on, by whomever',
  description:
    'Ids in the paths of URLs are set aside: `https://api.shop/customers/{id}` is one target. What is touched while pages are turned moves to the front in the orders by last time and number: for all of it, sort by target.',
  examples: [
    { summary: 'Tables of a database', request: '/v1/targets?prefix=postgresql://db:5432/bank/' },
    { summary: 'Most used', request: '/v1/targets?sort=actions&limit=10' },
  ],
  parameters: z.object({
    prefix: text.optional().describe('How it begins, ids as they are or set aside.'),
    text: text.optional().describe('Part of it, ids set aside, in any case.'),
    system: text.optional(),
    sort: z
      .enum(TARGET_ORDERS, `one of ${TARGET_ORDERS.join(', ')}`)
      .optional()
      .describe('`last_seen` where not said. `target` alone goes up.'),
  }),
  name: 'targets',
  item: TARGET_SUMMARY,
  columns: ['target', 'systems', 'actions', 'errors', 'firstSeen', 'lastSeen'],
  position: TARGET_POSITION,
  respond: async ({ parameters: { sort = 'last_seen', ...narrowed }, limit, after }, { readers }) => {
    const page = await readers.targets.list({
      ...defined({ ...narrowed, after }),
      order: sort,
      limit,
    });
    return { items: page.targets, ...(page.next === undefined ? {} : { next: page.next }) };
  },
});
