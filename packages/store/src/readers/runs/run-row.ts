import {
  type Assurance,
  authorityOf,
  isPrincipalKind,
  OUTCOMES,
  type Outcome,
  type PrincipalKind,
  type Run,
  TRIGGERS,
  type Trigger,
} from '@whence/model';
import type { RecordedRun } from './recorded-run.ts';

export const ZERO_UUID = '00000000-0000-0000-0000-000000000000';

/** Columns of `runs` as they are asked for; `RunRow` is what comes back. */
export const RUN_COLUMNS = `
    TenantId, RunId, RootRunId, ParentRunId, RunPath, Record, Job, Attempt, Trigger, PrincipalId, PrincipalKind,
    Authority, Assurance, Actor, Outcome, Message,
    toString(toUnixTimestamp64Milli(StartedAt)) AS StartedMillis,
    toString(toUnixTimestamp64Milli(EndedAt)) AS EndedMillis`;

/** Records in the order in which they came: the first of equals counts. */
export const RUN_RECORD_ORDER = 'ReceivedAt, BatchId, RowNumber';

export interface RunRow {
  readonly TenantId: string;
  readonly RunId: string;
  readonly RootRunId: string;
  readonly ParentRunId: string;
  readonly RunPath: readonly string[];
  readonly Record: 'started' | 'ended';
  readonly Job: string;
  readonly Attempt: number;
  readonly Trigger: string;
  readonly PrincipalId: string;
  readonly PrincipalKind: string;
  readonly Authority: string;
  readonly Assurance: Assurance;
  readonly Actor: string;
  readonly Outcome: string;
  readonly Message: string;
  readonly StartedMillis: string;
  readonly EndedMillis: string;
}

/**
 * Runs from their records, in the order in which their first records came. Records of one run id that differ in
 * assurance are ranked, the best counts; an end counts only where it is as well proven as the start.
 */
export const runsFrom = (rows: readonly RunRow[]): ReadonlyMap<string, RecordedRun> => {
  const records = Map.groupBy(rows, (row) => row.RunId);
  return new Map([...records].map(([id, ofRun]) => [id, recordedRunOf(ofRun)]));
};

const recordedRunOf = (rows: readonly RunRow[]): RecordedRun => {
  const best = Math.max(...rows.map((row) => RANK[row.Assurance]));
  const ranked = rows.filter((row) => RANK[row.Assurance] === best);
  const began = ranked.find((row) => row.Record === 'started') ?? ranked[0]!;
  const ended = ranked.find((row) => row.Record === 'ended' && claimOf(row) === claimOf(began));
  return {
    run: runOf(began, ended),
    disputed: rows.some((row) => claimOf(row) !== claimOf(began)),
  };
};

const RANK: Readonly<Record<Assurance, number>> = {
  verified: 3,
  inherited: 2,
  asserted: 1,
  none: 0,
  refuted: -1,
};

/** What two records of one run must agree on. */
const claimOf = (row: RunRow): string =>
  JSON.stringify([
    row.RootRunId,
    row.ParentRunId,
    row.Job,
    row.Attempt,
    row.Trigger,
    row.PrincipalId,
    row.PrincipalKind,
    row.Authority,
  ]);

/** The run as one record tells it. */
export const runOfRecord = (row: RunRow): Run => runOf(row, row.Record === 'ended' ? row : undefined);

const runOf = (row: RunRow, ended: RunRow | undefined): Run => {
  const authority = authorityOf(row.Authority);
  const outcome = ended === undefined ? undefined : outcomeOf(ended.Outcome);
  return {
    id: row.RunId,
    rootId: row.RootRunId === ZERO_UUID ? row.RunId : row.RootRunId,
    ...(row.ParentRunId === ZERO_UUID ? {} : { parentId: row.ParentRunId }),
    path: row.RunPath,
    job: row.Job,
    attempt: row.Attempt,
    trigger: (TRIGGERS as readonly string[]).includes(row.Trigger) ? (row.Trigger as Trigger) : 'api',
    principal: { id: row.PrincipalId, kind: principalKindOf(row.PrincipalKind) },
    ...(authority === undefined ? {} : { authority }),
    assurance: row.Assurance,
    ...(row.Actor === '' ? {} : { actor: row.Actor }),
    tenant: row.TenantId,
    startedAt: momentOf(row.StartedMillis),
    ...(ended === undefined || ended.EndedMillis === '0' ? {} : { endedAt: momentOf(ended.EndedMillis) }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(ended === undefined || ended.Message === '' ? {} : { message: ended.Message }),
  };
};

const momentOf = (millis: string): string => new Date(Number(millis)).toISOString();

const outcomeOf = (text: string): Outcome | undefined => OUTCOMES.find((outcome) => outcome === text);

/** A kind that this version does not know is still something that acts. */
export const principalKindOf = (text: string): PrincipalKind => (isPrincipalKind(text) ? text : 'workload');

/** Whom a row names, and what allowed it: as far as it was known when the row was written. */
export const namedIn = (row: {
  readonly PrincipalId: string;
  readonly PrincipalKind: string;
  readonly Authority: string;
}): Partial<Pick<Run, 'principal' | 'authority'>> => {
  const authority = authorityOf(row.Authority);
  return {
    ...(row.PrincipalId === ''
      ? {}
      : { principal: { id: row.PrincipalId, kind: principalKindOf(row.PrincipalKind) } }),
    ...(authority === undefined ? {} : { authority }),
  };
};
