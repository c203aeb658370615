import type { Plan } from '../work/plan.ts';
import { STAMPS } from '../work/shape.ts';
import { PRINCIPAL_INDEX } from '../work/truth.ts';
import { CATALOGUE } from './catalogue.ts';
import { hashOf, runIdHigh, runIdLow, uuidOf, ZERO_UUID } from './ids.ts';

const CELLS = [
  'Run',
  'RunStart',
  'Parent',
  'ParentStart',
  'PathRuns',
  'PathStarts',
  'Job',
  'Attempt',
  'Trigger',
];
const MORE = ['Part', 'Stamp', 'Failed', 'TookMicros'];

/** Columns of `runs`, as expressions on `runSource`. */
export const RUN_COLUMNS = (seed: number): Readonly<Record<string, string>> => {
  const id = (run: string, start: string): string =>
    uuidOf(runIdHigh(seed, 'Execution', run, start), runIdLow(seed, 'Execution', run));
  return {
    TenantId: `'default'`,
    RunId: id('Run', 'RunStart'),
    RootRunId: `if(empty(PathRuns), ${id('Run', 'RunStart')}, ${id('PathRuns[1]', 'PathStarts[1]')})`,
    ParentRunId: `if(Parent < 0, ${ZERO_UUID}, ${id('Parent', 'ParentStart')})`,
    RunPath: `arrayMap((run, start) -> ${id('run', 'start')}, PathRuns, PathStarts)`,
    Record: 'Record',
    Job: 'Job',
    Attempt: 'Attempt',
    Trigger: 'Trigger',
    PrincipalId: 'PrincipalId',
    PrincipalKind: 'PrincipalKind',
    Authority: 'Authority',
    Assurance: `if(Stamp = ${STAMPS.indexOf('asserted')}, 'asserted', 'verified')`,
    Actor: 'RunActor',
    StartedAt: `fromUnixTimestamp64Milli(toInt64(Started), 'UTC')`,
    EndedAt: `if(Record = 'ended', fromUnixTimestamp64Milli(toInt64(Ended), 'UTC'), fromUnixTimestamp64Milli(toInt64(0), 'UTC'))`,
    Outcome: `multiIf(Record = 'started', '', Failed = 1, 'failure', 'success')`,
    Message: `''`,
    BatchId: uuidOf(
      `bitOr(bitShiftLeft(ReceivedMillis, 16), toUInt64(28672))`,
      `bitOr(bitShiftLeft(toUInt64(2), 62), bitShiftRight(${hashOf(seed, `'runs'`, 'ReceivedMillis')}, 2))`,
    ),
    RowNumber: "toUInt32((FirstRow + Run) * 2 + (Record = 'ended'))",
    ReceivedAt: `fromUnixTimestamp64Milli(toInt64(ReceivedMillis), 'UTC')`,
  };
};

/** Two rows for each run: when it starts, and when it ends. */
export const runSource = ({ principals }: Plan, fromExecution: number, toExecution: number): string => {
  const executions = `Execution >= ${fromExecution} AND Execution < ${toExecution}`;
  return `SELECT *, arrayJoin(['started', 'ended']) AS Record,
      toUInt64(StartMillis + intDiv(RunStart * Stretch, 1000000)) AS Started,
      toUInt64(Started + intDiv(TookMicros * Stretch, 1000000)) AS Ended,
      (intDiv(if(Record = 'ended', Ended, Started), 10000) + 1) * 10000 AS ReceivedMillis
    FROM (
      SELECT Execution, StartMillis, Stretch, Principal, FirstRow, ${[...CELLS, ...MORE].join(', ')}
      FROM (SELECT * FROM (SELECT * FROM ${CATALOGUE}.executions WHERE ${executions}) AS execution
        INNER JOIN ${CATALOGUE}.runs AS run USING (Shape))
      ARRAY JOIN ${[...CELLS, ...MORE].join(', ')}
    ) AS cell
    INNER JOIN ${CATALOGUE}.principals AS person ON person.Number = ${PRINCIPAL_INDEX('cell.Principal', 'cell.Part', principals.length)}`;
};
