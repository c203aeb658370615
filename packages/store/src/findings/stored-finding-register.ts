import { newRunId } from '@whence/model';
import { type Parameters, type Selection, select } from '../readers/statements/select.ts';
import {
  type Finding,
  type FindingPart,
  type FindingState,
  SEVERITIES,
  type Severity,
  type SubjectKind,
} from './finding.ts';
import type {
  FindingFilter,
  FindingPage,
  FindingRegister,
  FindingSearch,
  ToldPart,
} from './finding-register.ts';
import { insertRows, momentOf } from './insert-rows.ts';
import { IS_MUTED, muteParameters } from './muted-condition.ts';

interface ContentRow {
  readonly Id: string;
  readonly RuleNow: string;
  readonly SeverityNow: Severity;
  readonly KindNow: SubjectKind;
  readonly SubjectNow: string;
  readonly PrincipalNow: string;
  readonly TargetNow: string;
  readonly SentenceNow: string;
  readonly EvidenceNow: string;
  readonly FirstMillis: string;
  readonly LastMillis: string;
}

interface PartRow extends ContentRow {
  readonly PartSeconds: number;
  readonly Times: number;
}

interface FindingRow extends ContentRow {
  readonly Times: number;
  readonly DetectedMicros: string;
  readonly ChangedMicros: string;
  readonly State: FindingState;
  readonly SaidBy: string;
  readonly SaidMillis: string;
  readonly Reason: string;
}

const CONTENT = [
  'Rule',
  'Severity',
  'SubjectKind',
  'Subject',
  'PrincipalId',
  'Target',
  'Sentence',
  'Evidence',
];
const NOW = [
  'RuleNow',
  'SeverityNow',
  'KindNow',
  'SubjectNow',
  'PrincipalNow',
  'TargetNow',
  'SentenceNow',
  'EvidenceNow',
];

/** The newest row of each part. */
const parts = (condition: string): string => `
  SELECT FindingId, Part, argMax((${CONTENT.join(', ')}), RecordedAt) AS said,
    argMax((findings.FirstSeen, findings.LastSeen, findings.Occurrences), RecordedAt) AS counted,
    min(RecordedAt) AS Began, max(RecordedAt) AS Changed
  FROM findings WHERE TenantId = {tenant:String} AND (${condition}) GROUP BY FindingId, Part`;

const SAID = NOW.map((name, at) => `said.${at + 1} AS ${name}`).join(', ');

/** Findings as they stand: their parts added up, what they say as their newest part says it. */
const findings = (condition: string): string => `
  SELECT toString(FindingId) AS Id, ${SAID}, Times, toString(toUnixTimestamp64Milli(First)) AS FirstMillis,
    toString(toUnixTimestamp64Milli(Last)) AS LastMillis, Detected,
    toString(toUnixTimestamp64Micro(Detected)) AS DetectedMicros,
    toString(toUnixTimestamp64Micro(Latest)) AS ChangedMicros,
    word.By AS SaidBy, word.Reason AS Reason, toString(toUnixTimestamp64Milli(word.At)) AS SaidMillis,
    multiIf(Times = 0, 'resolved', word.Word = 'acknowledged', 'acknowledged', ${IS_MUTED}, 'muted', 'open') AS State
  FROM (
    SELECT FindingId, argMax(said, Part) AS said, sum(counted.3) AS Times,
      if(Times = 0, min(counted.1), minIf(counted.1, counted.3 > 0)) AS First,
      if(Times = 0, max(counted.2), maxIf(counted.2, counted.3 > 0)) AS Last,
      min(Began) AS Detected, max(Changed) AS Latest
    FROM (${parts(condition)}) GROUP BY FindingId) AS finding
  LEFT JOIN (
    SELECT FindingId, argMax(Word, newness) AS Word, argMax(SaidBy, newness) AS By, argMax(Said, newness) AS Reason,
      max(SaidAt) AS At
    FROM (
      SELECT *, finding_words.Reason AS Said, (SaidAt, toString(WordId)) AS newness FROM finding_words
      WHERE TenantId = {tenant:String})
    GROUP BY FindingId) AS word USING (FindingId)`;

const TOLD_BY = `
  SELECT toString(FindingId) AS Id, toUnixTimestamp(Part) AS PartSeconds, ${SAID}, counted.3 AS Times,
    toString(toUnixTimestamp64Milli(counted.1)) AS FirstMillis,
    toString(toUnixTimestamp64Milli(counted.2)) AS LastMillis
  FROM (${parts(`Rule = {rule:String} AND (Part = toDateTime(0, 'UTC') OR Part >= toDateTime({from:UInt32}, 'UTC'))`)})`;

/** Least first, so that a place in it can be compared. */
const SEVERITY_ORDER = `[${SEVERITIES.map((each) => `'${each}'`).join(', ')}]`;

const AFTER = `(Detected, Id) < (fromUnixTimestamp64Micro({afterMicros:Int64}), {afterId:String})`;

export const storedFindings = (selection: Selection): FindingRegister => {
  const tell = (parts: readonly FindingPart[]): Promise<void> =>
    insertRows(selection, 'findings', parts.map(rowOf));

  const toldBy = async (rule: string, fromMillis: number): Promise<readonly ToldPart[]> => {
    const rows = await select<PartRow>(selection, TOLD_BY, {
      rule,
      from: Math.max(0, Math.floor(fromMillis / 1000)),
    });
    const totals = new Map<string, number>();
    for (const { Id, Times } of rows) totals.set(Id, (totals.get(Id) ?? 0) + Times);
    return rows.map((row) => ({
      part: {
        ...contentOf(row),
        part: row.PartSeconds * 1000,
        firstSeenMillis: Number(row.FirstMillis),
        lastSeenMillis: Number(row.LastMillis),
        count: row.Times,
      },
      total: totals.get(row.Id) ?? 0,
    }));
  };

  const search = async ({ filter, mutes, limit, after }: FindingSearch): Promise<FindingPage> => {
    const { terms, parameters } = conditionsOf(filter);
    const conditions = after === undefined ? terms : [...terms, AFTER];
    const rows = await select<FindingRow>(
      selection,
      `SELECT * FROM (${findings(filter.rule === undefined ? '1' : 'Rule = {rule:String}')})
       WHERE ${conditions.join(' AND ') || '1'} ORDER BY Detected DESC, Id DESC LIMIT {limit:UInt32}`,
      {
        ...parameters,
        ...muteParameters(mutes),
        limit: limit + 1,
        ...(after === undefined ? {} : { afterMicros: after.detectedMicros.toString(), afterId: after.id }),
      },
    );
    const last = rows[limit - 1];
    return {
      findings: rows.slice(0, limit).map(findingOf),
      ...(rows.length > limit && last !== undefined
        ? { next: { detectedMicros: BigInt(last.DetectedMicros), id: last.Id } }
        : {}),
    };
  };

  return {
    tell,
    toldBy,
    search,
    byIds: async (ids, mutes) => {
      if (ids.length === 0) return new Map();
      const rows = await select<FindingRow>(selection, findings('FindingId IN {ids:Array(UUID)}'), {
        ids,
        ...muteParameters(mutes),
      });
      return new Map(rows.map((row) => [row.Id, findingOf(row)]));
    },
    acknowledge: (id, { by, reason }) =>
      insertRows(selection, 'finding_words', [
        {
          FindingId: id,
          WordId: newRunId(),
          Word: 'acknowledged',
          Reason: reason,
          SaidBy: by,
          SaidAt: momentOf(Date.now()),
        },
      ]),
    counts: async (mutes) =>
      (
        await select<{ RuleNow: string; State: FindingState; Findings: number }>(
          selection,
          `SELECT RuleNow, State, count() AS Findings FROM (${findings('1')}) GROUP BY RuleNow, State ORDER BY RuleNow, State`,
          muteParameters(mutes),
        )
      ).map(({ RuleNow, State, Findings }) => ({ rule: RuleNow, state: State, findings: Findings })),
  };
};

const rowOf = (part: FindingPart): Readonly<Record<string, unknown>> => ({
  FindingId: part.id,
  Part: part.part / 1000,
  Rule: part.rule,
  Severity: part.severity,
  SubjectKind: part.subject.kind,
  Subject: part.subject.id,
  PrincipalId: part.principal ?? '',
  Target: part.target ?? '',
  Sentence: part.sentence,
  Evidence: JSON.stringify(part.evidence),
  FirstSeen: momentOf(part.firstSeenMillis),
  LastSeen: momentOf(part.lastSeenMillis),
  Occurrences: part.count,
});

const contentOf = (row: ContentRow) => ({
  id: row.Id,
  rule: row.RuleNow,
  severity: row.SeverityNow,
  subject: { kind: row.KindNow, id: row.SubjectNow },
  ...(row.PrincipalNow === '' ? {} : { principal: row.PrincipalNow }),
  ...(row.TargetNow === '' ? {} : { target: row.TargetNow }),
  sentence: row.SentenceNow,
  evidence: JSON.parse(row.EvidenceNow) as FindingPart['evidence'],
});

const findingOf = (row: FindingRow): Finding => ({
  ...contentOf(row),
  firstSeen: momentOf(Number(row.FirstMillis)),
  lastSeen: momentOf(Number(row.LastMillis)),
  detectedAt: momentOf(Math.floor(Number(row.DetectedMicros) / 1000)),
  changedAt: momentOf(Math.floor(Number(row.ChangedMicros) / 1000)),
  count: row.Times,
  state: row.State,
  ...(row.SaidBy === ''
    ? {}
    : { acknowledged: { by: row.SaidBy, at: momentOf(Number(row.SaidMillis)), reason: row.Reason } }),
});

const conditionsOf = (
  filter: FindingFilter,
): { readonly terms: readonly string[]; readonly parameters: Parameters } => {
  const terms: string[] = [];
  const parameters: Record<string, string | number> = {};
  const term = (sql: string, name: string, value: string | number | undefined): void => {
    if (value === undefined) return;
    terms.push(sql);
    parameters[name] = value;
  };
  term('RuleNow = {rule:String}', 'rule', filter.rule);
  term(
    `indexOf(${SEVERITY_ORDER}, toString(SeverityNow)) >= indexOf(${SEVERITY_ORDER}, {severity:String})`,
    'severity',
    filter.severity,
  );
  term('State = {state:String}', 'state', filter.state);
  term('PrincipalNow = {principal:String}', 'principal', filter.principal);
  term('startsWith(TargetNow, {target:String})', 'target', filter.target);
  term('Detected >= fromUnixTimestamp64Milli({from:Int64})', 'from', filter.fromMillis);
  term('Detected < fromUnixTimestamp64Milli({to:Int64})', 'to', filter.toMillis);
  return { terms, parameters };
};
