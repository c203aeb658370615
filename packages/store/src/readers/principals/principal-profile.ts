import { authorityOf, OUTCOMES } from '@whence/model';
import { type Selection, select } from '../statements/select.ts';
import { DOINGS, type DoingsRow, doingsOf } from './doings.ts';
import type { AuthorityUse, JobUse, PrincipalProfile } from './principal-reader.ts';
import { rankedOf } from './ranked.ts';
import { rowsWithInherited, THESE } from './rollup-rows.ts';

const COUNTED = 'Assurance, Actions, Errors, FirstSeen, LastSeen';
const MOST_FIRST = 'ORDER BY ActionCount DESC, ALL_KEYS LIMIT {limit:UInt32}';

interface DoneRow extends DoingsRow {
  readonly Total: number;
}

interface AuthorityRow {
  readonly Authority: string;
  readonly RunCount: number;
  readonly FirstMillis: string;
  readonly LastMillis: string;
  readonly Total: number;
}

interface JobRow extends AuthorityRow {
  readonly Job: string;
  readonly EndCount: number;
  readonly FailCount: number;
  readonly RunId: string;
  readonly Outcome: string;
  readonly EndMillis: string;
}

const RUNS = `sum(Started) AS RunCount,
    toString(toUnixTimestamp64Milli(min(FirstStartedAt))) AS FirstMillis,
    toString(toUnixTimestamp64Milli(max(LastStartedAt))) AS LastMillis, count() OVER () AS Total`;

const OF_PRINCIPAL = 'principal_jobs WHERE TenantId = {tenant:String} AND PrincipalId IN {ids:Array(String)}';

export const storedProfile = async (
  selection: Selection,
  id: string,
  limit: number,
): Promise<PrincipalProfile> => {
  const ask = <Row>(sql: string) => select<Row>(selection, sql, { ids: [id], limit });

  /** What was done, by some columns of a rollup. */
  const done = <Key extends string>(
    table: 'principals' | 'footprints',
    keys: readonly Key[],
    condition: string,
  ) =>
    ask<DoneRow & Readonly<Record<Key, string>>>(
      `SELECT ${keys.join(', ')}, ${DOINGS}, count() OVER () AS Total
       FROM ${rowsWithInherited(table, `${COUNTED}, ${keys.join(', ')}`, THESE, condition)}
       GROUP BY ${keys.join(', ')} ${MOST_FIRST.replace('ALL_KEYS', keys.join(', '))}`,
    );

  const [actors, services, authorities, jobs, operations, targets] = await Promise.all([
    done('principals', ['Actor'], '1'),
    done('principals', ['ServiceName'], "ServiceName != ''"),
    ask<AuthorityRow>(
      `SELECT Authority, ${RUNS} FROM ${OF_PRINCIPAL} GROUP BY Authority ORDER BY RunCount DESC, Authority LIMIT {limit:UInt32}`,
    ),
    ask<JobRow>(
      `SELECT Job, ${RUNS}, sum(Ended) AS EndCount, sum(Failed) AS FailCount, argMaxMerge(LastRunId) AS RunId,
         argMaxMerge(LastOutcome) AS Outcome, toString(toUnixTimestamp64Milli(max(LastEndedAt))) AS EndMillis
       FROM ${OF_PRINCIPAL} GROUP BY Job ORDER BY max(LastStartedAt) DESC, Job LIMIT {limit:UInt32}`,
    ),
    done('footprints', ['System', 'Operation'], "Operation != ''"),
    done('footprints', ['Target'], "Target != ''"),
  ]);
  return {
    actors: rankedOf(actors, (row) => ({
      ...(row.Actor === '' ? {} : { actor: row.Actor }),
      ...doingsOf(row),
    })),
    services: rankedOf(services, (row) => ({ service: row.ServiceName, ...doingsOf(row) })),
    authorities: rankedOf(authorities, authorityUseOf),
    jobs: rankedOf(jobs, jobUseOf),
    operations: rankedOf(operations, (row) => ({
      ...(row.System === '' ? {} : { system: row.System }),
      operation: row.Operation,
      ...doingsOf(row),
    })),
    targets: rankedOf(targets, (row) => ({ target: row.Target, ...doingsOf(row) })),
  };
};

const momentOf = (millis: string): string => new Date(Number(millis)).toISOString();

const authorityUseOf = (row: AuthorityRow): AuthorityUse => {
  const authority = authorityOf(row.Authority);
  return {
    ...(authority === undefined ? {} : { authority }),
    runs: row.RunCount,
    firstStartedAt: momentOf(row.FirstMillis),
    lastStartedAt: momentOf(row.LastMillis),
  };
};

const jobUseOf = (row: JobRow): JobUse => {
  const lastOutcome = OUTCOMES.find((outcome) => outcome === row.Outcome);
  return {
    job: row.Job,
    runs: row.RunCount,
    ended: row.EndCount,
    failed: row.FailCount,
    firstStartedAt: momentOf(row.FirstMillis),
    lastStartedAt: momentOf(row.LastMillis),
    lastRunId: row.RunId,
    ...(lastOutcome === undefined ? {} : { lastOutcome }),
    ...(row.EndMillis === '0' ? {} : { lastEndedAt: momentOf(row.EndMillis) }),
  };
};
