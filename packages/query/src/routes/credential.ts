import { z } from 'zod';
import { CREDENTIAL_DETAIL } from '../answers/credential.ts';
import { endpoint } from '../api/endpoint.ts';
import { count } from '../api/parameters.ts';
import { judged } from '../credentials/judged-credential.ts';
import { QueryError } from '../query-error.ts';

const LIMIT_USUAL = 100;
const LIMIT_MAX = 1000;

export const credentialRoute = endpoint({
  path: '/v1/credentials/{id}',
  role: 'auditor',
  tag: 'access',
  summary: 'A credential, or a rule for many, and what became of it',
  examples: [{ summary: 'A key', request: '/v1/credentials/key:scheduler' }],
  pathParameters: z.object({
    id: z
      .string()
      .regex(/^(key|token|certificate):[a-z0-9-]{1,40}$/, 'an id is key:…, token:… or certificate:…'),
  }),
  parameters: z.object({
    limit: count(1, LIMIT_MAX)
      .optional()
      .describe(`Issues, and credentials that a rule recognised; ${LIMIT_USUAL} of each where not said.`),
  }),
  answer: CREDENTIAL_DETAIL,
  rowsIn: () => 1,
  respond: async ({ path: { id }, parameters: { limit = LIMIT_USUAL } }, { readers }) => {
    const detail = await readers.credentials.byId(id, limit);
    if (detail === undefined) {
      throw new QueryError(
        'unknown_credential',
        `Nobody came by ${id}, and no credentials file lists it, as far as the store was told. Uses are written down about once a minute. GET /v1/credentials lists all.`,
        { field: 'id' },
      );
    }
    return { ...detail, credential: judged(detail.credential, Date.now()) };
  },
});
