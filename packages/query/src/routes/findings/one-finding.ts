import type { Finding, FindingStore, Mute } from '@whence/store';
import { z } from 'zod';
import { endpoint, type Route } from '../../api/endpoint.ts';
import { FINDING, findingAnswer } from '../../findings/finding-answer.ts';
import { reasonText } from '../../findings/findings-file.ts';
import { QueryError } from '../../query-error.ts';
import { type AskedFindings, uuid } from './asked-findings.ts';

const ADDRESS = z.object({ id: uuid });
const EXAMPLE = '/v1/findings/5f1e7a52-6a0c-8c1f-9a2b-3d4e5f607182';

export const findingRoute = ({ storeOf, mutesOf }: AskedFindings): Route =>
  endpoint({
    path: '/v1/findings/{id}',
    tag: 'findings',
    summary: 'One finding, with what it rests on and where that is',
    examples: [{ summary: 'A finding', request: EXAMPLE }],
    pathParameters: ADDRESS,
    answer: FINDING,
    respond: async ({ path: { id } }, { asker }) =>
      findingAnswer(await findingIn(storeOf(asker), id, await mutesOf(asker))),
  });

export const acknowledgeRoute = ({ storeOf, mutesOf }: AskedFindings): Route =>
  endpoint({
    method: 'post',
    path: '/v1/findings/{id}/acknowledge',
    role: 'auditor',
    tag: 'findings',
    summary: 'Somebody has it',
    examples: [
      {
        summary: 'Say so',
        request: `${EXAMPLE}/acknowledge`,
        body: { reason: 'The key set was changed at noon; ticket 4711.' },
      },
    ],
    pathParameters: ADDRESS,
    body: z.strictObject({ reason: reasonText.describe('Why, for whoever comes later.') }),
    answer: FINDING,
    respond: async ({ path: { id }, body: { reason } }, { asker }) => {
      const store = storeOf(asker);
      const mutes = await mutesOf(asker);
      await findingIn(store, id, mutes);
      await store.findings.acknowledge(id, { by: asker.principal, reason });
      return findingAnswer(await findingIn(store, id, mutes));
    },
  });

const findingIn = async (store: FindingStore, id: string, mutes: readonly Mute[]): Promise<Finding> => {
  const finding = (await store.findings.byIds([id], mutes)).get(id);
  if (finding === undefined) {
    throw new QueryError(
      'unknown_finding',
      `There is no finding ${id}. GET /v1/findings lists those that there are.`,
      {
        field: 'id',
      },
    );
  }
  return finding;
};
