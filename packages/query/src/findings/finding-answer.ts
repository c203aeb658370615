import { FINDING_STATES, type Finding, SEVERITIES, SUBJECT_KINDS } from '@whence/store';
import { z } from 'zod';

const LINK = z
  .object({
    rel: z.enum(['finding', 'who', 'run', 'actions', 'principal']),
    href: z.string().describe('An address of this API.'),
  })
  .readonly();

export const FINDING = z
  .object({
    id: z.string().describe('UUID that follows from what was found.'),
    rule: z.string(),
    severity: z.enum(SEVERITIES),
    state: z
      .enum(FINDING_STATES)
      .describe(
        'resolved: no longer so. acknowledged: somebody has it. muted: not wanted. open: nobody has said anything.',
      ),
    subject: z.object({ kind: z.enum(SUBJECT_KINDS), id: z.string() }).readonly(),
    principal: z.string().exactOptional(),
    target: z.string().exactOptional(),
    sentence: z.string().describe('For people.'),
    evidence: z
      .object({
        actions: z
          .array(z.object({ traceId: z.string(), spanId: z.string() }).readonly())
          .readonly()
          .exactOptional(),
        runs: z.array(z.string()).readonly().exactOptional(),
        search: z
          .record(z.string(), z.string())
          .readonly()
          .exactOptional()
          .describe('Parameters of /v1/actions.'),
        figures: z
          .record(z.string(), z.union([z.string(), z.number(), z.array(z.string()).readonly()]))
          .readonly()
          .describe('What it rests on: counts, baselines, limits.'),
      })
      .readonly(),
    firstSeen: z.string(),
    lastSeen: z.string(),
    count: z.number().describe('How often; 0 where it is no longer so.'),
    detectedAt: z.string().describe('When it was first told.'),
    changedAt: z.string(),
    acknowledged: z.object({ by: z.string(), at: z.string(), reason: z.string() }).readonly().exactOptional(),
    links: z.array(LINK).readonly(),
  })
  .readonly()
  .meta({ id: 'Finding', description: 'Something that was found in the record by itself.' });

export type FindingAnswer = z.input<typeof FINDING>;

/** With links to all that it rests on. */
export const findingAnswer = (finding: Finding): FindingAnswer => ({
  ...finding,
  links: linksOf(finding).map(([rel, href]) => ({ rel, href })),
});

type Rel = z.output<typeof LINK>['rel'];

const linksOf = ({ id, evidence }: Finding): readonly (readonly [Rel, string])[] => [
  ['finding', `/v1/findings/${id}`],
  ...(evidence.actions ?? []).map(
    ({ traceId, spanId }) =>
      ['who', `/v1/who?${new URLSearchParams({ span: spanId, trace: traceId })}`] as const,
  ),
  ...(evidence.runs ?? []).map((run) => ['run', `/v1/runs/${run}`] as const),
  ...(evidence.search === undefined
    ? []
    : [['actions', `/v1/actions?${new URLSearchParams({ ...evidence.search })}`] as const]),
];
