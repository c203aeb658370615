import { newRunId } from '@whence/model';
import { type Selection, select } from '../readers/statements/select.ts';
import { insertRows, momentOf } from './insert-rows.ts';
import type { RuleProgress, RuleRegister } from './rule-register.ts';

interface SettingRow {
  readonly RuleName: string;
  readonly Set: readonly [string, string, string];
  readonly AtMillis: string;
}

interface ProgressRow {
  readonly RuleName: string;
  readonly Since: string;
  readonly Done: string;
  readonly Again: string;
  readonly Ran: string;
  readonly Found: number;
  readonly Failure: string;
  readonly Millis: number;
}

const millis = (column: string, name: string): string =>
  `toString(toUnixTimestamp64Milli(${column})) AS ${name}`;

export const storedRules = (selection: Selection): RuleRegister => ({
  settings: async () => {
    const rows = await select<SettingRow>(
      selection,
      `SELECT toString(Rule) AS RuleName, argMax((Settings, Reason, SaidBy), newness) AS Set,
         toString(toUnixTimestamp64Milli(max(SaidAt))) AS AtMillis
       FROM (SELECT *, (SaidAt, toString(SettingId)) AS newness FROM finding_rule_settings WHERE TenantId = {tenant:String})
       GROUP BY Rule`,
    );
    return new Map(
      rows.map(({ RuleName, Set: [settings, reason, by], AtMillis }) => [
        RuleName,
        {
          settings: JSON.parse(settings) as Readonly<Record<string, unknown>>,
          reason,
          by,
          at: momentOf(Number(AtMillis)),
        },
      ]),
    );
  },
  set: (rule, { settings, reason, by }) =>
    insertRows(selection, 'finding_rule_settings', [
      {
        Rule: rule,
        SettingId: newRunId(),
        Settings: JSON.stringify(settings),
        Reason: reason,
        SaidBy: by,
        SaidAt: momentOf(Date.now()),
      },
    ]),
  progress: async () => {
    const rows = await select<ProgressRow>(
      selection,
      `SELECT toString(Rule) AS RuleName, ${millis('SinceAt', 'Since')}, ${millis('DoneTo', 'Done')},
         ${millis('LookedAgainAt', 'Again')}, Found, Failure, Millis,
         toString(intDiv(toUnixTimestamp64Micro(RanAt), 1000)) AS Ran
       FROM finding_progress WHERE TenantId = {tenant:String} ORDER BY RanAt DESC, DoneTo DESC LIMIT 1 BY Rule`,
    );
    return new Map(rows.map((row) => [row.RuleName, progressOf(row)]));
  },
  advance: (progress) =>
    insertRows(
      selection,
      'finding_progress',
      [...progress].map(([rule, each]) => ({
        Rule: rule,
        SinceAt: momentOf(each.sinceMillis),
        DoneTo: momentOf(each.doneToMillis),
        LookedAgainAt: momentOf(each.lookedAgainMillis),
        Found: each.found,
        Failure: each.failure ?? '',
        Millis: each.millis,
        RanAt: momentOf(each.ranAtMillis),
      })),
    ),
});

const progressOf = (row: ProgressRow): RuleProgress => ({
  sinceMillis: Number(row.Since),
  doneToMillis: Number(row.Done),
  lookedAgainMillis: Number(row.Again),
  found: row.Found,
  ...(row.Failure === '' ? {} : { failure: row.Failure }),
  millis: row.Millis,
  ranAtMillis: Number(row.Ran),
});
