import { MUTES_MAX } from '@whence/store';
import { z } from 'zod';
import { endpoint, type Route } from '../../api/endpoint.ts';
import { badParameter } from '../../api/parameters.ts';
import { globText, reasonText, ruleGlob, untilTime } from '../../findings/findings-file.ts';
import { QueryError } from '../../query-error.ts';
import { type AskedFindings, uuid } from './asked-findings.ts';

const MUTE = z
  .object({
    id: z.string(),
    rule: z.string(),
    principal: z.string(),
    target: z.string(),
    reason: z.string(),
    until: z.string().exactOptional().describe('Absent: for good.'),
    by: z.string().describe('Who said it; `file:` and a path where it stands in a file.'),
    at: z.string(),
  })
  .readonly()
  .meta({ id: 'FindingMute', description: 'What is not wanted. `*` is any characters.' });

export const muteListRoute = ({ mutesOf }: AskedFindings): Route =>
  endpoint({
    path: '/v1/findings/mutes',
    tag: 'findings',
    summary: 'What is not wanted, and who said so',
    examples: [{ summary: 'All that are in force', request: '/v1/findings/mutes' }],
    answer: z.object({ mutes: z.array(MUTE).readonly() }).readonly(),
    respond: async (_asked, { asker }) => ({ mutes: await mutesOf(asker) }),
  });

export const muteRoute = ({ storeOf }: AskedFindings): Route =>
  endpoint({
    method: 'post',
    path: '/v1/findings/mutes',
    role: 'admin',
    tag: 'findings',
    summary: 'Findings that are not wanted',
    description:
      'They are found and kept, and shown as muted; no receiver is told. A finding without a principal or target is muted only where any of them is.',
    examples: [
      {
        summary: 'A forwarder that speaks for many',
        request: '/v1/findings/mutes',
        body: {
          rule: 'shared_credential',
          principal: '*',
          reason: 'The agent on each node forwards for all.',
        },
      },
    ],
    status: 201,
    body: z.strictObject({
      rule: ruleGlob.default('*'),
      principal: globText.default('*'),
      target: globText.default('*'),
      reason: reasonText,
      until: untilTime.optional(),
    }),
    answer: MUTE,
    respond: async ({ body: { until, ...said } }, { asker }) => {
      if (until !== undefined && Date.parse(until) <= Date.now())
        throw badParameter('until', 'is over already');
      const { mutes } = storeOf(asker);
      if ((await mutes.inForce()).length >= MUTES_MAX) {
        throw new QueryError(
          'too_many_mutes',
          `${MUTES_MAX} mutes are in force: lift some, or put them into one with *.`,
        );
      }
      return mutes.add({
        ...said,
        ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
        by: asker.principal,
      });
    },
  });

export const unmuteRoute = ({ storeOf, file }: AskedFindings): Route =>
  endpoint({
    method: 'delete',
    path: '/v1/findings/mutes/{id}',
    role: 'admin',
    tag: 'findings',
    summary: 'Wanted again',
    examples: [],
    pathParameters: z.object({ id: uuid }),
    answer: z.object({ id: z.string(), lifted: z.literal(true) }).readonly(),
    respond: async ({ path: { id } }, { asker }) => {
      if (await storeOf(asker).mutes.lift(id, asker.principal)) return { id, lifted: true as const };
      const inFile = file.mutes.some((mute) => mute.id === id);
      throw new QueryError(
        'unknown_mute',
        inFile
          ? `Mute ${id} stands in a file: take it out there.`
          : `No mute ${id} is in force. GET /v1/findings/mutes lists those that are.`,
        { field: 'id' },
      );
    },
  });
