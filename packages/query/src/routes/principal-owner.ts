import { isPrincipalId } from '@whence/model';
import { z } from 'zod';
import { OWNERSHIP } from '../answers/inventory.ts';
import { defined } from '../api/defined.ts';
import { endpoint } from '../api/endpoint.ts';
import { ownerId, teamName } from '../owners/owner-rules.ts';

const ADDRESS = z.object({
  id: z
    .string()
    .refine(isPrincipalId, 'a principal is a URI of at most 512 characters, percent-encoded')
    .describe('URI, percent-encoded.'),
});

const EXAMPLE = '/v1/principals/k8s%3A%2F%2Fdemo%2Fjobs%2Fnightly/owner';

export const putOwnerRoute = endpoint({
  method: 'put',
  path: '/v1/principals/{id}/owner',
  role: 'admin',
  tag: 'inventory',
  summary: 'Declares who answers for a principal: an owner, a team, or both',
  description:
    'Takes the place of what was declared before, and counts before what the owners file says. The principal need not have been seen yet.',
  examples: [
    { summary: 'A person', request: EXAMPLE, body: { owner: 'user:dana@example.com', team: 'payments' } },
  ],
  pathParameters: ADDRESS,
  body: z
    .strictObject({ owner: ownerId.optional(), team: teamName.optional() })
    .refine(({ owner, team }) => owner !== undefined || team !== undefined, 'names neither owner nor team'),
  answer: OWNERSHIP,
  respond: ({ path: { id }, body }, { owners, asker }) =>
    owners.declare(id, { ...defined(body), by: asker.principal }),
});

export const deleteOwnerRoute = endpoint({
  method: 'delete',
  path: '/v1/principals/{id}/owner',
  role: 'admin',
  tag: 'inventory',
  summary: 'Takes back what was declared over the API, if anything was: the owners file counts again',
  examples: [{ summary: 'Of a scheduler', request: EXAMPLE }],
  pathParameters: ADDRESS,
  answer: OWNERSHIP,
  respond: ({ path: { id } }, { owners, asker }) => owners.withdraw(id, asker.principal),
});
