import { PRINCIPAL_KINDS } from '@whence/model';
import { PRINCIPAL_ORDERS, type PrincipalPosition, type PrincipalSummary } from '@whence/store';
import { z } from 'zod';
import { PRINCIPAL_SUMMARY } from '../answers/inventory.ts';
import type { Context } from '../api/context.ts';
import { defined } from '../api/defined.ts';
import { type PositionCodec, pageEndpoint } from '../api/page-endpoint.ts';
import { badParameter, count, moment, text } from '../api/parameters.ts';
import type { Ownership } from '../owners/ownership.ts';

/** Days after which a principal that is not seen is called dormant, where nothing else is asked for. */
export const DORMANT_DAYS = 30;

const DAY_NANOS = 86_400_000_000_000n;

const PARAMETERS = z.object({
  kind: z.enum(PRINCIPAL_KINDS, `one of ${PRINCIPAL_KINDS.join(', ')}`).optional(),
  text: text.optional().describe('Part of the id, in any case.'),
  owner: text.optional().describe('Those that this one answers for, by URI.'),
  team: text.optional(),
  ownerless: z
    .enum(['true', 'false'], 'true or false')
    .optional()
    .describe('Those that nobody answers for, or those that somebody does.'),
  dormant: count(0, 36_500)
    .optional()
    .describe(
      `Not seen for so many days. What "dormant" means in the answer, too: ${DORMANT_DAYS} where not said.`,
    ),
  unseenSince: moment.optional().describe('Not seen then or later.'),
  firstSeenFrom: moment.optional().describe('First seen then or later.'),
  firstSeenTo: moment.optional().describe('First seen before then.'),
  sort: z
    .enum(PRINCIPAL_ORDERS, `one of ${PRINCIPAL_ORDERS.join(', ')}`)
    .optional()
    .describe('`last_seen` where not said. `id` alone goes up.'),
});

/** Of an order that goes by a number, and by the id among equals. */
export const POSITION: PositionCodec<PrincipalPosition> = {
  write: ({ value, id }) => [value.toString(), id],
  read: ([value = '', id = '']) =>
    /^-?\d{1,19}$/.test(value) && id !== '' ? { value: BigInt.asIntN(64, BigInt(value)), id } : undefined,
};

export const principalsRoute = pageEndpoint({
  path: '/v1/principals',
  tag: 'inventory',
  summary: 'Every principal seen: who answers for it, when it was seen, what it did',
  description:
    'A principal that only had runs is there too. Who acts while pages are turned moves to the front in the orders by last time and number: for all of them, sort by id.',
  examples: [
    { summary: 'Newest first', request: '/v1/principals?limit=10' },
    { summary: 'That nobody answers for', request: '/v1/principals?ownerless=true&sort=actions' },
    { summary: 'Not seen for a quarter', request: '/v1/principals?dormant=90&kind=scheduler' },
  ],
  parameters: PARAMETERS,
  name: 'principals',
  item: PRINCIPAL_SUMMARY,
  columns: [
    ...['id', 'kind', 'owner', 'team', 'firstSeen', 'lastSeen', 'dormant', 'actions', 'errors', 'runs'],
    ...['jobs.items', 'jobs.total', 'services.items', 'services.total', 'targets'],
    ...['assurances.verified', 'assurances.inherited', 'assurances.asserted'],
  ],
  position: POSITION,
  respond: async ({ parameters, limit, after }, { readers, owners }) => {
    const { kind, owner, team, ownerless, firstSeenFrom, firstSeenTo, sort = 'last_seen' } = parameters;
    const { dormant, unseenSince } = parameters;
    if (dormant !== undefined && unseenSince !== undefined) {
      throw badParameter('unseenSince', 'says the same as "dormant": one of the two');
    }
    if (firstSeenFrom !== undefined && firstSeenTo !== undefined && firstSeenFrom >= firstSeenTo) {
      throw badParameter('firstSeenTo', 'not after "firstSeenFrom"');
    }
    const dormantSince = dormantSinceNanos(dormant);
    const page = await readers.principals.list({
      filter: defined({
        kind,
        text: parameters.text,
        unseenSinceNanos: dormant === undefined ? unseenSince : dormantSince,
        firstSeenFromNanos: firstSeenFrom,
        firstSeenToNanos: firstSeenTo,
        ownership: owners.filter({
          owner,
          team,
          ownerless: ownerless === undefined ? undefined : ownerless === 'true',
        }),
      }),
      order: sort,
      limit,
      ...(after === undefined ? {} : { after }),
    });
    return {
      items: await owned(page.principals, owners, dormantSince),
      ...(page.next === undefined ? {} : { next: page.next }),
    };
  },
});

export const dormantSinceNanos = (days = DORMANT_DAYS): bigint =>
  BigInt(Date.now()) * 1_000_000n - BigInt(days) * DAY_NANOS;

/** Summaries with who answers for them. */
export const owned = async (
  principals: readonly PrincipalSummary[],
  owners: Context['owners'],
  dormantSince: bigint,
): Promise<readonly (PrincipalSummary & Ownership & { readonly dormant: boolean })[]> => {
  const ownership = await owners.of(principals.map(({ id }) => id));
  const before = new Date(Number(dormantSince / 1_000_000n)).toISOString();
  return principals.map((each) => ({
    ...each,
    ...(ownership.get(each.id) ?? { ownership: [] }),
    dormant: each.lastSeen < before,
  }));
};
