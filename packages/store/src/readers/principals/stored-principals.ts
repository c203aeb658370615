import type { Assurance } from '@whence/model';
import { principalKindOf } from '../runs/run-row.ts';
import { type Parameters, type Selection, select } from '../statements/select.ts';
import { DOINGS, type DoingsRow, doingsOf } from './doings.ts';
import { OWNERSHIP_SETTINGS, ownershipCondition } from './ownership-condition.ts';
import { storedActivity } from './principal-activity.ts';
import { storedFootprint } from './principal-footprint.ts';
import { storedProfile } from './principal-profile.ts';
import {
  NAMES_PER_SUMMARY,
  type PrincipalFilter,
  type PrincipalOrder,
  type PrincipalPage,
  type PrincipalReader,
  type PrincipalSearch,
  type PrincipalSummary,
} from './principal-reader.ts';
import { type Ranked, rankedOf } from './ranked.ts';
import { EVERYONE, type RollupScope, rowsWithInherited, THESE } from './rollup-rows.ts';

/** Parameters travel in the request line: 200 ids of 512 characters make 100 kB, or three times that. */
const IDS_PER_STATEMENT = 200;

/** Descending; equals by id. */
const SORTED_BY: Readonly<Record<PrincipalOrder, string>> = {
  last_seen: 'toUnixTimestamp64Nano(max(LastSeen))',
  first_seen: 'toUnixTimestamp64Nano(min(FirstSeen))',
  actions: 'toInt64(sum(Actions))',
  id: 'toInt64(0)',
};

interface SummaryRow extends DoingsRow {
  readonly Principal: string;
  readonly KindNow: string;
  readonly RunCount: number;
  readonly Asserted: number;
  readonly Inherited: number;
  readonly Verified: number;
  readonly SortValue: string;
}

interface NameRow {
  readonly Principal: string;
  readonly Name: string;
  readonly Total: number;
}

export const storedPrincipals = (selection: Selection): PrincipalReader => {
  const list = async ({ filter, order, limit, after }: PrincipalSearch): Promise<PrincipalPage> => {
    const { terms, parameters } = conditionsOf(filter);
    const rows = await select<SummaryRow>(
      selection,
      `${summaries(EVERYONE, terms.row, SORTED_BY[order])}
       HAVING ${[...terms.whole, ...(after === undefined ? [] : [AFTER])].join(' AND ') || '1'}
       ORDER BY Sorted DESC, Principal LIMIT {limit:UInt32}
       ${filter.ownership === undefined ? '' : OWNERSHIP_SETTINGS}`,
      {
        ...parameters,
        limit: limit + 1,
        ...(after === undefined ? {} : { afterValue: after.value.toString(), afterId: after.id }),
      },
    );
    const last = rows[limit - 1];
    return {
      principals: await whole(rows.slice(0, limit)),
      ...(rows.length > limit && last !== undefined
        ? { next: { value: BigInt(last.SortValue), id: last.Principal } }
        : {}),
    };
  };

  const byId = async (id: string): Promise<PrincipalSummary | undefined> => {
    const rows = await select<SummaryRow>(selection, summaries(THESE, '1', SORTED_BY.id), { ids: [id] });
    const [summary] = await whole(rows.filter(({ Principal }) => Principal !== ''));
    return summary;
  };

  const whole = async (rows: readonly SummaryRow[]): Promise<readonly PrincipalSummary[]> => {
    const ids = rows.map(({ Principal }) => Principal);
    const [jobs, services, targets] = await Promise.all([
      names(ids, LATEST_JOBS),
      names(ids, SERVICES_BY_ACTIONS),
      targetsOf(ids),
    ]);
    return rows.map((row) => ({
      id: row.Principal,
      kind: principalKindOf(row.KindNow),
      ...doingsOf(row),
      runs: row.RunCount,
      assurances: assurancesOf(row),
      jobs: jobs.get(row.Principal) ?? NONE,
      services: services.get(row.Principal) ?? NONE,
      targets: targets.get(row.Principal) ?? 0,
    }));
  };

  const chunked = async <Row>(ids: readonly string[], sql: string): Promise<readonly Row[]> => {
    const rows: Row[] = [];
    for (let from = 0; from < ids.length; from += IDS_PER_STATEMENT) {
      const some = ids.slice(from, from + IDS_PER_STATEMENT);
      rows.push(...(await select<Row>(selection, sql, { ids: some, names: NAMES_PER_SUMMARY })));
    }
    return rows;
  };

  const names = async (ids: readonly string[], sql: string): Promise<ReadonlyMap<string, Ranked<string>>> => {
    const rows = await chunked<NameRow>(ids, sql);
    const byPrincipal = Map.groupBy(rows, ({ Principal }) => Principal);
    return new Map([...byPrincipal].map(([id, ofOne]) => [id, rankedOf(ofOne, ({ Name }) => Name)]));
  };

  const targetsOf = async (ids: readonly string[]): Promise<ReadonlyMap<string, number>> => {
    const rows = await chunked<{ Principal: string; Targets: number }>(
      ids,
      `SELECT Principal, uniqExact(Target) AS Targets
       FROM ${rowsWithInherited('footprints', 'Target', THESE, "Target != ''")} GROUP BY Principal`,
    );
    return new Map(rows.map(({ Principal, Targets }) => [Principal, Targets]));
  };

  const starters = async (id: string): Promise<readonly string[]> => {
    const [row] = await select<{ Actors: readonly string[] }>(selection, STARTERS, { principal: id });
    return row?.Actors ?? [];
  };

  return {
    list,
    byId,
    starters,
    profile: (id, limit) => storedProfile(selection, id, limit),
    footprint: (id, page) => storedFootprint(selection, id, page),
    activity: (id, range) => storedActivity(selection, id, range),
  };
};

const NONE: Ranked<string> = { items: [], total: 0 };

/**
 * Everyone who did something, and everyone who had a run. `row` narrows before rows are added up. `Owned` is the
 * principal once more, as no key: what is asked of it is asked once for each, not for each row.
 */
const summaries = (scope: RollupScope, row: string, sorted: string): string => `
  SELECT Principal, any(Principal) AS Owned, argMax(Kind, LastSeen) AS KindNow, ${DOINGS},
    sum(Started) AS RunCount,
    sumIf(Actions, Assurance = 'asserted') AS Asserted, sumIf(Actions, Assurance = 'inherited') AS Inherited,
    sumIf(Actions, Assurance = 'verified') AS Verified,
    ${sorted} AS Sorted, toString(Sorted) AS SortValue
  FROM (
    SELECT Principal, Kind, Assurance, Actions, Errors, FirstSeen, LastSeen, toUInt64(0) AS Started
    FROM ${rowsWithInherited('principals', 'Assurance, Actions, Errors, FirstSeen, LastSeen', scope)}
    UNION ALL
    SELECT PrincipalId AS Principal, PrincipalKind AS Kind, 'none' AS Assurance, toUInt64(0) AS Actions,
      toUInt64(0) AS Errors, toDateTime64(FirstStartedAt, 9) AS FirstSeen,
      toDateTime64(greatest(LastStartedAt, LastEndedAt), 9) AS LastSeen, Started
    FROM principal_jobs WHERE TenantId = {tenant:String} AND (${scope.named}))
  WHERE Principal != '' AND (${row})
  GROUP BY Principal`;

const AFTER = '(Sorted < {afterValue:Int64} OR Sorted = {afterValue:Int64} AND Principal > {afterId:String})';

const LATEST_JOBS = `
  SELECT toString(PrincipalId) AS Principal, toString(Job) AS Name, max(LastStartedAt) AS Latest,
    count() OVER (PARTITION BY PrincipalId) AS Total
  FROM principal_jobs WHERE TenantId = {tenant:String} AND PrincipalId IN {ids:Array(String)}
  GROUP BY PrincipalId, Job ORDER BY Principal, Latest DESC, Name LIMIT {names:UInt32} BY Principal`;

const STARTERS = `
  SELECT arraySort(groupUniqArrayArray(64)(Starters)) AS Actors FROM principal_jobs
  WHERE TenantId = {tenant:String} AND PrincipalId = {principal:String} AND Assurance = 'verified'`;

const SERVICES_BY_ACTIONS = `
  SELECT Principal, toString(ServiceName) AS Name, sum(Actions) AS Most, count() OVER (PARTITION BY Principal) AS Total
  FROM ${rowsWithInherited('principals', 'ServiceName, Actions', THESE, "ServiceName != ''")}
  GROUP BY Principal, ServiceName ORDER BY Principal, Most DESC, Name LIMIT {names:UInt32} BY Principal`;

const moment = (name: string): string => `fromUnixTimestamp64Nano({${name}:Int64})`;

const conditionsOf = (filter: PrincipalFilter) => {
  const { kind, text, unseenSinceNanos, firstSeenFromNanos, firstSeenToNanos, ownership } = filter;
  const owned = ownership === undefined ? undefined : ownershipCondition(ownership);
  const row = [...(text === undefined ? [] : ['positionCaseInsensitiveUTF8(Principal, {text:String}) > 0'])];
  const whole: string[] = owned === undefined ? [] : [owned.sql];
  const parameters: Record<string, Parameters[string]> = { ...owned?.parameters };
  const term = (sql: string, name: string, value: string | bigint | undefined): void => {
    if (value === undefined) return;
    whole.push(sql);
    parameters[name] = value.toString();
  };
  if (text !== undefined) parameters['text'] = text;
  term('KindNow = {kind:String}', 'kind', kind);
  term(`max(LastSeen) < ${moment('unseenSince')}`, 'unseenSince', unseenSinceNanos);
  term(`min(FirstSeen) >= ${moment('firstFrom')}`, 'firstFrom', firstSeenFromNanos);
  term(`min(FirstSeen) < ${moment('firstTo')}`, 'firstTo', firstSeenToNanos);
  return { terms: { row: row.join(' AND ') || '1', whole }, parameters };
};

const assurancesOf = ({ Asserted, Inherited, Verified }: SummaryRow): PrincipalSummary['assurances'] => {
  const counts: readonly (readonly [Assurance, number])[] = [
    ['asserted', Asserted],
    ['inherited', Inherited],
    ['verified', Verified],
  ];
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
};
