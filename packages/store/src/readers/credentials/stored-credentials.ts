import type { CredentialKind } from '@whence/model';
import { type Ranked, rankedOf } from '../principals/ranked.ts';
import { type Parameters, type Selection, select } from '../statements/select.ts';
import type {
  CredentialDetail,
  CredentialEntry,
  CredentialFilter,
  CredentialIssue,
  CredentialOrder,
  CredentialPage,
  CredentialReader,
  CredentialSearch,
  CredentialSummary,
} from './credential-reader.ts';
import { credentialSummaries } from './credential-rows.ts';

/** Ascending; equals by id. */
const SORTED_BY: Readonly<Record<CredentialOrder, string>> = {
  idle: 'LastMillis',
  recent: '-LastMillis',
  oldest: 'SinceMillis',
};

const TERMS: { readonly [Field in keyof CredentialFilter]-?: string } = {
  kind: 'Kind = {kind:String}',
  actors: '(hasAny(EveryActor, {actors:Array(String)}) OR has({actors:Array(String)}, ListedActor))',
  unusedSinceMillis: 'if(LastMillis > 0, LastMillis, SinceMillis) < {unusedSinceMillis:Int64}',
  issuedBeforeMillis: 'if(IssuedMillis > 0, IssuedMillis, SinceMillis) < {issuedBeforeMillis:Int64}',
  endsBeforeMillis: 'ExpiresMillis > 0 AND ExpiresMillis < {endsBeforeMillis:Int64}',
  lastsUntilMillis: '(ExpiresMillis = 0 OR ExpiresMillis >= {lastsUntilMillis:Int64})',
  rotateBeforeMillis: 'RotatesMillis > 0 AND RotatesMillis < {rotateBeforeMillis:Int64}',
  used: "(Total > 0) = ({used:String} = 'true')",
  rule: "(Listed = Id AND ListedStands = 'many') = ({rule:String} = 'true')",
  declared: "(TellsThat = 'declared') = ({declared:String} = 'true')",
};

const AFTER = '(Sorted > {afterValue:Int64} OR Sorted = {afterValue:Int64} AND Id > {afterId:String})';

interface SummaryRow {
  readonly Id: string;
  readonly Kind: CredentialKind;
  readonly UsedEntry: string;
  readonly Total: number;
  readonly SpanTotal: number;
  readonly FirstMillis: string;
  readonly LastMillis: string;
  readonly IssuedMillis: string;
  readonly ExpiresMillis: string;
  readonly SinceMillis: string;
  readonly ActorNames: readonly string[];
  readonly ActorTotal: number;
  readonly Listed: string;
  readonly DeclaredMillis: string;
  readonly ToldMillis: string;
  readonly TellsThat: string;
  readonly ListedStands: string;
  readonly ListedActor: string;
  readonly ListedIssuer: string;
  readonly ListedSubject: string;
  readonly ListedFingerprint: string;
  readonly RotatesMillis: string;
  readonly ListedDuties: readonly string[];
  readonly SortValue: string;
}

interface TraitRow {
  readonly Id: string;
  readonly Issuer: string;
  readonly Subject: string;
  readonly Fingerprint: string;
  readonly Addresses: readonly string[];
  readonly AddressTotal: number;
  readonly Elsewhere: number;
}

interface IssueCountRow {
  readonly Id: string;
  readonly IssueTotal: number;
  readonly NewestMillis: string;
}

interface IssueRow {
  readonly Fingerprint: string;
  readonly IssuedMillis: string;
  readonly ExpiresMillis: string;
  readonly FirstMillis: string;
  readonly LastMillis: string;
  readonly Uses: number;
  readonly Total: number;
}

export const storedCredentials = (selection: Selection): CredentialReader => {
  const list = async ({ filter, order, limit, after }: CredentialSearch): Promise<CredentialPage> => {
    const fields = (Object.keys(TERMS) as (keyof CredentialFilter)[]).filter(
      (field) => filter[field] !== undefined,
    );
    const terms = [...fields.map((field) => TERMS[field]), ...(after === undefined ? [] : [AFTER])];
    const rows = await select<SummaryRow & { readonly Left: number }>(
      selection,
      `SELECT * EXCEPT (Sorted, EveryActor), toUInt32(count() OVER ()) AS Left
       FROM (${credentialSummaries(SORTED_BY[order])})
       WHERE ${terms.join(' AND ') || '1'} ORDER BY Sorted, Id LIMIT {limit:UInt32}`,
      {
        ...Object.fromEntries(fields.map((field) => [field, parameterOf(filter[field]!)])),
        ...(after === undefined ? {} : { afterValue: after.value.toString(), afterId: after.id }),
        limit: limit + 1,
      },
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      credentials: await whole(page),
      left: rows[0]?.Left ?? 0,
      ...(rows.length > limit && last !== undefined
        ? { next: { value: BigInt(last.SortValue), id: last.Id } }
        : {}),
    };
  };

  const whole = async (rows: readonly SummaryRow[]): Promise<readonly CredentialSummary[]> => {
    const ids = rows.map(({ Id }) => Id);
    const [traits, issues] = await Promise.all([
      select<TraitRow>(selection, TRAITS, { ids, rules: rows.filter(isRule).map(({ Id }) => Id) }),
      select<IssueCountRow>(selection, ISSUE_COUNTS, { ids }),
    ]);
    const traitsOf = new Map(traits.map((row) => [row.Id, row]));
    const issuesOf = new Map(issues.map((row) => [row.Id, row]));
    return rows.map((row) => summaryOf(row, traitsOf.get(row.Id), issuesOf.get(row.Id)));
  };

  const byId = async (id: string, limit: number): Promise<CredentialDetail | undefined> => {
    const rows = await select<SummaryRow>(
      selection,
      `SELECT * EXCEPT (Sorted, EveryActor) FROM (${credentialSummaries('Id')}) WHERE Id = {id:String}`,
      { id },
    );
    const [credential] = await whole(rows);
    if (credential === undefined) return undefined;
    const [issues, recognised] = await Promise.all([
      select<IssueRow>(selection, ISSUES, { id, limit }),
      select<{ readonly Id: string; readonly Total: number }>(selection, RECOGNISED, { id, limit }),
    ]);
    return {
      credential,
      issues: rankedOf(issues, issueOf),
      recognised: rankedOf(recognised, ({ Id }) => Id),
    };
  };

  return { list, byId };
};

/** Of what was used; by the id of a rule, of all that it recognised. */
const TRAITS = `
  SELECT arrayJoin(arrayDistinct([CredentialId, EntryId])) AS Id, argMaxMerge(Newest) AS Last,
    Last.1 AS Issuer, Last.2 AS Subject, Last.3 AS Fingerprint,
    arraySlice(arrayDistinct(arrayConcat(Last.4, groupUniqArrayArray(16)(SomeAddresses))), 1, 16) AS Addresses,
    toUInt32(uniqCombinedArrayMerge(12)(AddressCount)) AS AddressTotal, toUInt64(sum(UsesElsewhere)) AS Elsewhere
  FROM credentials
  WHERE TenantId = {tenant:String} AND (CredentialId IN {ids:Array(String)} OR EntryId IN {rules:Array(String)})
  GROUP BY Id HAVING Id IN {ids:Array(String)}`;

const ISSUE_COUNTS = `
  SELECT CredentialId AS Id, toUInt32(uniqExact(Fingerprint)) AS IssueTotal,
    toUnixTimestamp64Milli(max(Begun)) AS NewestMillis
  FROM (
    SELECT CredentialId, Fingerprint, min(FirstUsed) AS Begun FROM credential_issues
    WHERE TenantId = {tenant:String} AND CredentialId IN {ids:Array(String)} GROUP BY CredentialId, Fingerprint)
  GROUP BY CredentialId`;

const ISSUES = `
  SELECT Fingerprint, toUnixTimestamp64Milli(max(credential_issues.IssuedAt)) AS IssuedMillis,
    toUnixTimestamp64Milli(max(credential_issues.ExpiresAt)) AS ExpiresMillis,
    toUnixTimestamp64Milli(min(credential_issues.FirstUsed)) AS FirstMillis,
    toUnixTimestamp64Milli(max(credential_issues.LastUsed)) AS LastMillis,
    toUInt64(sum(credential_issues.Uses)) AS Uses, toUInt32(count() OVER ()) AS Total
  FROM credential_issues WHERE TenantId = {tenant:String} AND CredentialId = {id:String}
  GROUP BY Fingerprint ORDER BY LastMillis DESC, Fingerprint LIMIT {limit:UInt32}`;

const RECOGNISED = `
  SELECT CredentialId AS Id, max(LastUsed) AS Latest, toUInt32(count() OVER ()) AS Total
  FROM credentials WHERE TenantId = {tenant:String} AND EntryId = {id:String} AND CredentialId != {id:String}
  GROUP BY CredentialId ORDER BY Latest DESC, Id LIMIT {limit:UInt32}`;

const parameterOf = (value: string | number | boolean | readonly string[]): Parameters[string] =>
  typeof value === 'boolean' || typeof value === 'number' ? String(value) : value;

const isRule = ({ Id, Listed, ListedStands }: SummaryRow): boolean =>
  Listed === Id && ListedStands === 'many';

const summaryOf = (
  row: SummaryRow,
  traits: TraitRow | undefined,
  issues: IssueCountRow | undefined,
): CredentialSummary => {
  const isEntry = row.Listed === row.Id;
  const rule = isRule(row);
  const fingerprint = traits?.Fingerprint ?? (isEntry ? row.ListedFingerprint : '');
  return {
    id: row.Id,
    kind: row.Kind,
    rule,
    issuer: (rule ? row.ListedIssuer : traits?.Issuer) ?? row.ListedIssuer,
    subject: (rule ? row.ListedSubject : traits?.Subject) ?? row.ListedSubject,
    ...(fingerprint === '' || rule ? {} : { fingerprint }),
    actors: ranked(row.ActorNames, row.ActorTotal),
    ...(row.Listed === '' ? {} : { entry: entryOf(row) }),
    ...moment('issuedAt', row.IssuedMillis),
    ...moment('expiresAt', row.ExpiresMillis),
    knownSince: momentOf(row.SinceMillis),
    ...moment('firstUsed', row.FirstMillis),
    ...moment('lastUsed', row.LastMillis),
    uses: row.Total,
    spans: row.SpanTotal,
    addresses: ranked(traits?.Addresses ?? [], traits?.AddressTotal ?? 0),
    usesElsewhere: traits?.Elsewhere ?? 0,
    ...(issues === undefined
      ? {}
      : { issues: { total: issues.IssueTotal, newestSince: momentOf(issues.NewestMillis) } }),
  };
};

/** What is told to be withdrawn was declared until then. */
const entryOf = (row: SummaryRow): CredentialEntry => ({
  id: row.Listed,
  subject: row.ListedSubject,
  actor: row.ListedActor,
  duties: row.ListedDuties,
  firstDeclared: momentOf(row.DeclaredMillis),
  lastDeclared: momentOf(row.ToldMillis),
  ...(row.TellsThat === 'withdrawn' ? { withdrawn: momentOf(row.ToldMillis) } : {}),
  ...moment('rotateAfter', row.RotatesMillis),
});

const issueOf = (row: IssueRow): CredentialIssue => ({
  fingerprint: row.Fingerprint,
  ...moment('issuedAt', row.IssuedMillis),
  ...moment('expiresAt', row.ExpiresMillis),
  firstUsed: momentOf(row.FirstMillis),
  lastUsed: momentOf(row.LastMillis),
  uses: row.Uses,
});

const ranked = (items: readonly string[], total: number): Ranked<string> => ({
  items,
  total: Math.max(total, items.length),
});

const momentOf = (millis: string | number): string => new Date(Number(millis)).toISOString();

const moment = <Key extends string>(key: Key, millis: string | number): { readonly [K in Key]?: string } =>
  Number(millis) === 0 ? {} : ({ [key]: momentOf(millis) } as { readonly [K in Key]: string });
