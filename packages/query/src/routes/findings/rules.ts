import {
  FINDING_STATES,
  type FindingCount,
  type RuleProgress,
  type RuleSetting,
  SEVERITIES,
} from '@whence/store';
import { z } from 'zod';
import type { Asker } from '../../api/asker.ts';
import { endpoint, type Route } from '../../api/endpoint.ts';
import { readBody } from '../../api/parameters.ts';
import { reasonText } from '../../findings/findings-file.ts';
import { type RuleInForce, rulesInForce, settingsSchemaOf } from '../../findings/rule-settings.ts';
import { RULES, ruleByCode } from '../../findings/rules.ts';
import { QueryError } from '../../query-error.ts';
import type { AskedFindings } from './asked-findings.ts';

const RULE = z
  .object({
    code: z.string(),
    says: z.string().describe('What it finds.'),
    advice: z.string(),
    severity: z.enum(SEVERITIES),
    enabled: z.boolean(),
    settings: z.record(z.string(), z.unknown()).describe('Thresholds in force.'),
    meanings: z.record(z.string(), z.string()).describe('What each threshold means.'),
    set: z
      .object({
        by: z.string(),
        at: z.string(),
        reason: z.string(),
        settings: z.record(z.string(), z.unknown()),
      })
      .exactOptional()
      .describe('What was set over this API.'),
    findings: z.partialRecord(z.enum(FINDING_STATES), z.number()).describe('How many there are, by state.'),
    progress: z
      .object({
        since: z.string().describe('What was received before was never looked at.'),
        doneTo: z.string().describe('What was received before was looked at.'),
        ranAt: z.string(),
        millis: z.number(),
        failure: z.string().exactOptional().describe('Why the last pass failed.'),
      })
      .exactOptional()
      .describe('Absent: it has not run yet.'),
  })
  .readonly()
  .meta({ id: 'FindingRule', description: 'Something that is looked for, and how.' });

export const ruleListRoute = (asked: AskedFindings): Route =>
  endpoint({
    path: '/v1/findings/rules',
    tag: 'findings',
    summary: 'What is looked for, with which thresholds, and how far it has come',
    examples: [{ summary: 'All rules', request: '/v1/findings/rules' }],
    answer: z.object({ rules: z.array(RULE).readonly() }).readonly(),
    respond: async (_asked, { asker }) => ({ rules: await rulesFor(asked, asker) }),
  });

export const ruleRoute = (asked: AskedFindings): Route =>
  endpoint({
    method: 'put',
    path: '/v1/findings/rules/{code}',
    role: 'admin',
    tag: 'findings',
    summary: 'Sets a rule',
    description: 'All that is to differ from the file and the defaults: what is left out is as there again.',
    examples: [
      {
        summary: 'Guard a database',
        request: '/v1/findings/rules/unattributed_on_guarded_target',
        body: { settings: { targets: ['postgresql://prod-*'] }, reason: 'Card data.' },
      },
    ],
    pathParameters: z.object({ code: z.string() }),
    body: z.strictObject({ settings: z.record(z.string(), z.unknown()), reason: reasonText }),
    answer: RULE,
    respond: async ({ path: { code }, body: { settings, reason } }, { asker }) => {
      const rule = ruleByCode.get(code);
      if (rule === undefined) {
        throw new QueryError(
          'unknown_rule',
          `There is no rule of that name; there are ${RULES.map((each) => each.code).join(', ')}.`,
          {
            field: 'code',
          },
        );
      }
      const read = readBody(settingsSchemaOf(rule), settings) as Readonly<Record<string, unknown>>;
      await asked.storeOf(asker).rules.set(code, { settings: read, reason, by: asker.principal });
      return (await rulesFor(asked, asker)).find((each) => each.code === code)!;
    },
  });

const rulesFor = async ({ file, storeOf, mutesOf }: AskedFindings, asker: Asker) => {
  const store = storeOf(asker);
  const [rules, set, progress, counts] = await Promise.all([
    rulesInForce(file, store),
    store.rules.settings(),
    store.rules.progress(),
    mutesOf(asker).then((mutes) => store.findings.counts(mutes)),
  ]);
  return rules.map((each) =>
    ruleAnswer(
      each,
      set.get(each.rule.code),
      progress.get(each.rule.code),
      counts.filter(({ rule }) => rule === each.rule.code),
    ),
  );
};

const ruleAnswer = (
  { rule, enabled, severity, settings }: RuleInForce,
  set: RuleSetting | undefined,
  progress: RuleProgress | undefined,
  counts: readonly FindingCount[],
): z.input<typeof RULE> => ({
  code: rule.code,
  says: rule.says,
  advice: rule.advice,
  severity: severity ?? rule.severity,
  enabled,
  settings,
  meanings: Object.fromEntries(
    Object.entries(rule.settings.shape).map(([name, schema]) => [
      name,
      (schema as z.ZodType).description ?? '',
    ]),
  ),
  ...(set === undefined ? {} : { set }),
  findings: Object.fromEntries(counts.map(({ state, findings }) => [state, findings])),
  ...(progress === undefined
    ? {}
    : {
        progress: {
          since: momentOf(progress.sinceMillis),
          doneTo: momentOf(progress.doneToMillis),
          ranAt: momentOf(progress.ranAtMillis),
          millis: progress.millis,
          ...(progress.failure === undefined ? {} : { failure: progress.failure }),
        },
      }),
});

const momentOf = (millis: number): string => new Date(millis).toISOString();
