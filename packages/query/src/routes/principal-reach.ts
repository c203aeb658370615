import { z } from 'zod';
import { OWN_RUNS, REACH } from '../answers/reach.ts';
import { MOMENT } from '../answers/record.ts';
import { endpoint } from '../api/endpoint.ts';
import { badParameter, count, moment } from '../api/parameters.ts';
import { unitsUp } from '../api/whole-units.ts';
import { toldReach } from '../lineage/told-reach.ts';
import { PRINCIPAL_ADDRESS } from './principal.ts';

/** Items of each list. */
export const REACH_LIMIT = { usual: 20, most: 1000 };

/** Runs of a principal that are followed. */
const RUNS_LIMIT = { usual: 10_000, most: 100_000 };

export const principalReachRoute = endpoint({
  path: '/v1/principals/{id}/reach',
  tag: 'lineage',
  summary:
    'Blast radius: what the runs of a principal did and brought about, whoever the runs below them ran as',
  description:
    'The range is of when its runs started: what they brought about is told whenever that was done. A branch is a run of the principal that is below no other of its runs.',
  examples: [
    { summary: 'Of a scheduler', request: '/v1/principals/k8s%3A%2F%2Fdemo%2Fjobs%2Fnightly/reach' },
    {
      summary: 'Since a key was lost',
      request: '/v1/principals/k8s%3A%2F%2Fdemo%2Fjobs%2Fnightly/reach?from=2026-03-01T03:00:00Z&limit=100',
    },
  ],
  pathParameters: PRINCIPAL_ADDRESS,
  parameters: z.object({
    from: moment.optional().describe('Runs that started then or later.'),
    to: moment.optional().describe('Runs that started before then.'),
    runs: count(1, RUNS_LIMIT.most)
      .optional()
      .describe(`Runs of the principal that are followed, the latest; ${RUNS_LIMIT.usual} where not said.`),
    limit: count(1, REACH_LIMIT.most)
      .optional()
      .describe(`Items of each list; ${REACH_LIMIT.usual} where not said.`),
  }),
  answer: z
    .object({
      principal: z.string(),
      from: MOMENT.millis.exactOptional(),
      to: MOMENT.millis.exactOptional(),
      ownRuns: OWN_RUNS,
      ...REACH,
    })
    .readonly()
    .meta({ id: 'PrincipalReach' }),
  respond: async ({ path: { id }, parameters }, { readers, notFound }) => {
    const { from, to, runs = RUNS_LIMIT.usual, limit = REACH_LIMIT.usual } = parameters;
    if (from !== undefined && to !== undefined && from >= to) throw badParameter('to', 'not after "from"');
    const fromMillis = millisFrom(from);
    const toMillis = millisFrom(to);
    const { ownRuns, ...reach } = await readers.reach.ofPrincipal({
      principal: id,
      ...(fromMillis === undefined ? {} : { fromMillis }),
      ...(toMillis === undefined ? {} : { toMillis }),
      runs,
      limit,
    });
    if (ownRuns.total === 0 && (await readers.principals.byId(id)) === undefined) {
      throw await notFound.principal(id);
    }
    return {
      principal: id,
      ...(fromMillis === undefined ? {} : { from: new Date(fromMillis).toISOString() }),
      ...(toMillis === undefined ? {} : { to: new Date(toMillis).toISOString() }),
      ownRuns: { ...ownRuns, omitted: ownRuns.total - ownRuns.considered },
      ...(await toldReach(readers, reach)),
    };
  },
});

/** Runs start on a millisecond: the first that is not before. */
const millisFrom = (nanos: bigint | undefined): number | undefined =>
  nanos === undefined ? undefined : unitsUp(nanos, 1_000_000n);
