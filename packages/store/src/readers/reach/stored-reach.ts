import { ASSURANCES, type Assurance } from '@whence/model';
import { momentOf } from '../principals/doings.ts';
import { type Ranked, rankedOf } from '../principals/ranked.ts';
import { principalKindOf } from '../runs/run-row.ts';
import { runParameters } from '../runs/run-tree-rows.ts';
import { type Parameters, type Selection, select } from '../statements/select.ts';
import type { PrincipalReachAsked, Reach, Reached, ReachReader } from './reach-reader.ts';
import { actionsOf } from './reached-actions.ts';
import { OWN_RUNS, REACHED_FROM_PRINCIPAL, type ReachedRuns, reachedFromRun } from './reached-runs.ts';

/** What is counted apart: [list, name, more], no name: not counted there. */
const LISTS = `[
  ('totals', ' ', ''), ('branches', toString(Branch), ''), ('principals', Principal, Kind),
  ('services', ServiceName, ''), ('systems', System, ''), ('operations', Operation, System),
  ('targets', Target, System), ('assurances', Assurance, '')]`;

type List =
  | 'totals'
  | 'branches'
  | 'principals'
  | 'services'
  | 'systems'
  | 'operations'
  | 'targets'
  | 'assurances';

interface ReachRow {
  readonly List: List;
  readonly Name: string;
  readonly More: string;
  readonly ActionCount: number;
  readonly ErrorCount: number;
  readonly RunCount: number;
  readonly FirstNanos: string;
  readonly LastNanos: string;
  readonly Total: number;
}

/** Runs are counted as rows without actions, so that those that did nothing are there. */
const statement = (reached: ReachedRuns): string => `
  SELECT list.1 AS List, list.2 AS Name, list.3 AS More, sum(Actions) AS ActionCount, sum(Errors) AS ErrorCount,
    sum(Runs) AS RunCount, toString(minIf(First, Actions > 0)) AS FirstNanos,
    toString(maxIf(Last, Actions > 0)) AS LastNanos, count() OVER (PARTITION BY List) AS Total
  FROM (
    SELECT Branch, Principal, Kind, toString(ServiceName) AS ServiceName, toString(System) AS System,
      toString(Operation) AS Operation, Target, toString(Assurance) AS Assurance, count() AS Actions,
      countIf(StatusCode = 'Error') AS Errors, toUInt64(0) AS Runs,
      toUnixTimestamp64Nano(min(Timestamp)) AS First, toUnixTimestamp64Nano(max(Timestamp)) AS Last
    FROM (${actionsOf(reached)}) AS did INNER JOIN (${reached.sql}) AS run ON did.RunId = run.RunId
    GROUP BY ALL
    UNION ALL
    SELECT Branch, Principal, Kind, '', '', '', '', '', toUInt64(0), toUInt64(0), count(), toInt64(0), toInt64(0)
    FROM (${reached.sql}) GROUP BY Branch, Principal, Kind)
  ARRAY JOIN ${LISTS} AS list
  WHERE list.2 != ''
  GROUP BY List, Name, More
  ORDER BY List, ActionCount DESC, RunCount DESC, Name, More
  LIMIT {limit:UInt32} BY List`;

export const storedReach = (selection: Selection): ReachReader => {
  const reach = async (reached: ReachedRuns, parameters: Parameters): Promise<Reach> =>
    reachOf(await select<ReachRow>(selection, statement(reached), parameters));

  return {
    ofRun: (scope, limit) => reach(reachedFromRun(scope), { ...runParameters(scope), limit }),
    ofPrincipal: async (asked) => {
      const parameters = parametersOf(asked);
      const [whole, [own]] = await Promise.all([
        reach(REACHED_FROM_PRINCIPAL, parameters),
        select<{ Total: number; Considered: number; EarliestMillis: string }>(
          selection,
          `SELECT count() AS Total, least(Total, {runs:UInt32}) AS Considered,
             toString(toUnixTimestamp64Milli(arrayElement(arrayReverseSort(groupArray(Began)), Considered))) AS EarliestMillis
           FROM (${OWN_RUNS})`,
          parameters,
        ),
      ]);
      const { Total = 0, Considered = 0, EarliestMillis = '' } = own ?? {};
      return {
        ...whole,
        ownRuns: {
          total: Total,
          considered: Considered,
          ...(Considered === 0 ? {} : { earliest: new Date(Number(EarliestMillis)).toISOString() }),
        },
      };
    },
  };
};

/** Beyond what a run can have started at. */
const ALL_TIME = { from: 0, to: Date.UTC(2200, 0) };

const parametersOf = ({ principal, fromMillis, toMillis, limit, runs }: PrincipalReachAsked): Parameters => ({
  principal,
  from: fromMillis ?? ALL_TIME.from,
  to: toMillis ?? ALL_TIME.to,
  limit,
  runs,
});

const reachOf = (rows: readonly ReachRow[]): Reach => {
  const lists = Map.groupBy(rows, ({ List }) => List);
  const list = <Item>(name: List, itemOf: (row: ReachRow) => Item): Ranked<Item> =>
    rankedOf(lists.get(name) ?? [], itemOf);
  const [totals] = lists.get('totals') ?? [];
  return {
    totals: {
      ...(totals === undefined ? { actions: 0, errors: 0 } : reachedOf(totals)),
      runs: totals?.RunCount ?? 0,
      assurances: Object.fromEntries(
        (lists.get('assurances') ?? [])
          .filter((row): row is ReachRow & { readonly Name: Assurance } => isAssurance(row.Name))
          .map((row) => [row.Name, row.ActionCount]),
      ),
    },
    branches: list('branches', (row) => ({ runId: row.Name, runs: row.RunCount, ...reachedOf(row) })),
    principals: list('principals', (row) => ({
      id: row.Name,
      kind: principalKindOf(row.More),
      runs: row.RunCount,
      ...reachedOf(row),
    })),
    services: list('services', (row) => ({ service: row.Name, ...reachedOf(row) })),
    systems: list('systems', (row) => ({ system: row.Name, ...reachedOf(row) })),
    operations: list('operations', (row) => ({ ...systemOf(row), operation: row.Name, ...reachedOf(row) })),
    targets: list('targets', (row) => ({ ...systemOf(row), target: row.Name, ...reachedOf(row) })),
  };
};

const isAssurance = (text: string): text is Assurance => (ASSURANCES as readonly string[]).includes(text);

const systemOf = ({ More }: ReachRow): { readonly system?: string } => (More === '' ? {} : { system: More });

const reachedOf = ({ ActionCount, ErrorCount, FirstNanos, LastNanos }: ReachRow): Reached => ({
  actions: ActionCount,
  errors: ErrorCount,
  ...(ActionCount === 0 ? {} : { firstSeen: momentOf(FirstNanos), lastSeen: momentOf(LastNanos) }),
});
