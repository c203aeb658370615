import type { RowTable } from './columns.ts';

/** Row order of `runs`. */
export const RUNS: RowTable = {
  name: 'runs',
  columns: [
    { name: 'TenantId', type: 'LowCardinality(String)' },
    { name: 'RunId', type: 'UUID' },
    { name: 'RootRunId', type: 'UUID' },
    { name: 'ParentRunId', type: 'UUID' },
    { name: 'RunPath', type: 'Array(UUID)' },
    { name: 'Record', type: "Enum8('started' = 0, 'ended' = 1)" },
    { name: 'Job', type: 'LowCardinality(String)' },
    { name: 'Attempt', type: 'UInt32' },
    { name: 'Trigger', type: 'LowCardinality(String)' },
    { name: 'PrincipalId', type: 'LowCardinality(String)' },
    { name: 'PrincipalKind', type: 'LowCardinality(String)' },
    { name: 'Authority', type: 'LowCardinality(String)' },
    {
      name: 'Assurance',
      type: "Enum8('none' = 0, 'asserted' = 1, 'inherited' = 2, 'verified' = 3, 'refuted' = 4)",
    },
    { name: 'Actor', type: 'LowCardinality(String)' },
    { name: 'StartedAt', type: "DateTime64(3, 'UTC')" },
    { name: 'EndedAt', type: "DateTime64(3, 'UTC')" },
    { name: 'Outcome', type: 'LowCardinality(String)' },
    { name: 'Message', type: 'String' },
    { name: 'ReceivedAt', type: "DateTime64(3, 'UTC')" },
    { name: 'BatchId', type: 'UUID' },
    { name: 'RowNumber', type: 'UInt32' },
  ],
};
