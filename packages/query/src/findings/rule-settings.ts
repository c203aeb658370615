import { type FindingStore, type Mute, SEVERITIES, type Severity } from '@whence/store';
import { z } from 'zod';
import type { Rule } from './rule.ts';
import { ruleByCode } from './rules.ts';

/** What every rule can be given beside its own thresholds. */
const COMMON = z.object({
  enabled: z.boolean().optional().describe('Whether it is looked for. It is, where nothing is said.'),
  severity: z.enum(SEVERITIES).optional().describe('In place of what the rule says.'),
});

/** What can be set for a rule; what is not given stays as it is. */
export const settingsSchemaOf = (rule: Rule): z.ZodObject => {
  const thresholds = Object.entries(rule.settings.shape).map(([name, schema]) => [
    name,
    z.optional(schema instanceof z.ZodDefault ? schema.unwrap() : schema),
  ]);
  return z.strictObject({ ...Object.fromEntries(thresholds), ...COMMON.shape });
};

/** How a rule is applied: its defaults, the file over them, what was set over the API over both. */
export interface RuleInForce {
  readonly rule: Rule;
  readonly enabled: boolean;
  /** In place of what the rule says of any finding. */
  readonly severity?: Severity;
  readonly settings: Readonly<Record<string, unknown>>;
}

type Given = Readonly<Record<string, unknown>>;

export const inForce = (rule: Rule, file: Given = {}, api: Given = {}): RuleInForce => {
  const { enabled, severity, ...thresholds } = { ...file, ...api } as Given & {
    readonly enabled?: boolean;
    readonly severity?: Severity;
  };
  return {
    rule,
    enabled: enabled ?? true,
    ...(severity === undefined ? {} : { severity }),
    settings: rule.settings.parse(knownOf(rule, thresholds)),
  };
};

/** A threshold that a later version has no more does not stop the rule. */
const knownOf = (rule: Rule, given: Given): Given =>
  Object.fromEntries(Object.entries(given).filter(([name]) => name in rule.settings.shape));

/** Everything that says how findings are looked for and which are wanted, beside the API. */
export interface FindingsFile {
  readonly rules: ReadonlyMap<string, Given>;
  readonly mutes: readonly Mute[];
}

export const NO_FILE: FindingsFile = { rules: new Map(), mutes: [] };

/** All rules as they are in force for a tenant. @throws StoreError */
export const rulesInForce = async (
  file: FindingsFile,
  { rules }: Pick<FindingStore, 'rules'>,
): Promise<readonly RuleInForce[]> => {
  const set = await rules.settings();
  return [...ruleByCode.values()].map((rule) =>
    inForce(rule, file.rules.get(rule.code), set.get(rule.code)?.settings),
  );
};

/** Those of the file that hold now, and those of the tenant. @throws StoreError */
export const mutesInForce = async (
  file: FindingsFile,
  { mutes }: Pick<FindingStore, 'mutes'>,
  nowMillis = Date.now(),
): Promise<readonly Mute[]> => [
  ...(await mutes.inForce()),
  ...file.mutes.filter(({ until }) => until === undefined || Date.parse(until) > nowMillis),
];
