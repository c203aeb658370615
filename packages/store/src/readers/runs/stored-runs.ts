import {
  asSettings,
  BY_ID,
  BY_KEY,
  FEW_ROWS,
  OF_TENANT,
  type Parameters,
  type Selection,
  select,
  type Way,
} from '../statements/select.ts';
import type { RecordedRun } from './recorded-run.ts';
import type { RunReader, RunsFound } from './run-reader.ts';
import { RUN_COLUMNS, RUN_RECORD_ORDER, type RunRow, runsFrom } from './run-row.ts';
import { branchOf, runParameters } from './run-tree-rows.ts';

/** Parameters travel in the request line: 200 ids make 9 kB. */
const IDS_PER_STATEMENT = 200;

/** By the number that the key orders by. */
const WITH_IDS = 'toUInt128(RunId) IN (SELECT toUInt128(arrayJoin({ids:Array(UUID)})))';

export const storedRuns = (selection: Selection): RunReader => {
  const runsWhere = async (
    condition: string,
    parameters: Parameters,
    way: Way = BY_KEY,
  ): Promise<ReadonlyMap<string, RecordedRun>> =>
    runsFrom(
      await select<RunRow>(
        selection,
        `SELECT ${RUN_COLUMNS} FROM runs WHERE TenantId = {tenant:String} AND ${condition} ORDER BY ${RUN_RECORD_ORDER}`,
        parameters,
        way,
      ),
    );

  const byIds = async (ids: Iterable<string>): Promise<ReadonlyMap<string, RecordedRun>> => {
    const wanted = [...new Set(ids)];
    const found = new Map<string, RecordedRun>();
    for (let from = 0; from < wanted.length; from += IDS_PER_STATEMENT) {
      const some = wanted.slice(from, from + IDS_PER_STATEMENT);
      for (const [id, run] of await runsWhere(WITH_IDS, { ids: some }, FEW_ROWS)) found.set(id, run);
    }
    return found;
  };

  /** Runs with any record that meets the condition, each from all of its records. */
  const someRuns = async (
    condition: string,
    parameters: Parameters,
    limit: number,
    belongs: (found: RecordedRun) => boolean,
  ): Promise<RunsFound> => {
    const runs = await runsWhere(
      `toUInt128(RunId) IN (
        SELECT toUInt128(RunId) FROM runs WHERE ${OF_TENANT} AND ${condition}
        GROUP BY RunId ORDER BY countIf(Assurance = 'verified') = 0, min(StartedAt), toString(RunId) LIMIT {limit:UInt32}
        ${asSettings(BY_ID)})`,
      { ...parameters, limit: limit + 1 },
    );
    const found = [...runs.values()].filter(belongs).sort(byStanding);
    return { runs: found.slice(0, limit), truncated: runs.size > limit };
  };

  return {
    byIds,
    byId: async (id) => (await byIds([id])).get(id),
    below: async (scope, limit) => {
      const { runs, parameters } = await branchOf(selection, scope);
      return someRuns(runs, parameters, limit, ({ run }) => run.rootId === scope.rootId);
    },
    children: (scope, limit) =>
      someRuns(
        'RootRunId = {root:UUID} AND ParentRunId = {run:UUID}',
        runParameters(scope),
        limit,
        ({ run }) => run.parentId === scope.id,
      ),
  };
};

const byStanding = (a: RecordedRun, b: RecordedRun): number =>
  claims(a) - claims(b) || compare(a.run.startedAt, b.run.startedAt) || compare(a.run.id, b.run.id);

const claims = ({ run }: RecordedRun): number => (run.assurance === 'verified' ? 0 : 1);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
