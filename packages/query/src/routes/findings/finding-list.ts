import { FINDING_STATES, type FindingFilter, type FindingPosition, SEVERITIES } from '@whence/store';
import { z } from 'zod';
import type { Route } from '../../api/endpoint.ts';
import { type PositionCodec, pageEndpoint } from '../../api/page-endpoint.ts';
import { badParameter, moment, text } from '../../api/parameters.ts';
import { FINDING, findingAnswer } from '../../findings/finding-answer.ts';
import { RULES } from '../../findings/rules.ts';
import type { AskedFindings } from './asked-findings.ts';

const CODES = RULES.map(({ code }) => code);

const PARAMETERS = z.object({
  rule: z.enum(CODES, `one of ${CODES.join(', ')}`).optional(),
  severity: z
    .enum(SEVERITIES, `one of ${SEVERITIES.join(', ')}`)
    .optional()
    .describe('This one or a graver one.'),
  state: z.enum(FINDING_STATES, `one of ${FINDING_STATES.join(', ')}`).optional(),
  principal: text.optional().describe('Id of the principal, as it is.'),
  target: text.optional().describe('How the target begins.'),
  from: moment.optional().describe('First told then or later.'),
  to: moment.optional().describe('First told before then.'),
});

const POSITION: PositionCodec<FindingPosition> = {
  write: ({ detectedMicros, id }) => [detectedMicros.toString(), id],
  read: ([micros = '', id = '']) =>
    /^\d{1,18}$/.test(micros) && /^[0-9a-f-]{36}$/.test(id)
      ? { detectedMicros: BigInt(micros), id }
      : undefined,
};

export const findingListRoute = ({ storeOf, mutesOf }: AskedFindings): Route =>
  pageEndpoint({
    path: '/v1/findings',
    tag: 'findings',
    summary: 'What was found in the record by itself, newest first',
    examples: [
      { summary: 'What nobody has looked at', request: '/v1/findings?state=open&severity=medium' },
      { summary: 'Of one rule', request: '/v1/findings?rule=refuted_reference&limit=10' },
    ],
    parameters: PARAMETERS,
    name: 'findings',
    item: FINDING,
    columns: [
      ...['detectedAt', 'severity', 'state', 'rule', 'sentence', 'count', 'firstSeen', 'lastSeen'],
      ...['subject.kind', 'subject.id', 'principal', 'target', 'acknowledged.by', 'acknowledged.reason'],
      ...['id', 'evidence.figures'],
    ],
    position: POSITION,
    respond: async ({ parameters, limit, after }, { asker }) => {
      const page = await storeOf(asker).findings.search({
        filter: filterOf(parameters),
        mutes: await mutesOf(asker),
        limit,
        ...(after === undefined ? {} : { after }),
      });
      return {
        items: page.findings.map(findingAnswer),
        ...(page.next === undefined ? {} : { next: page.next }),
      };
    },
  });

const filterOf = ({ from, to, ...rest }: z.output<typeof PARAMETERS>): FindingFilter => {
  if (from !== undefined && to !== undefined && from >= to) throw badParameter('to', 'not after "from"');
  const given = Object.entries({ ...rest, fromMillis: millisOf(from), toMillis: millisOf(to) });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
};

/** Up: what was told within the millisecond is not before it. */
const millisOf = (nanos: bigint | undefined): number | undefined =>
  nanos === undefined ? undefined : Math.ceil(Number(nanos) / 1e6);
