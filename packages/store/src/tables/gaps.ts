import type { RowTable } from './columns.ts';

/** Row order of `gaps`. */
export const GAPS: RowTable = {
  name: 'gaps',
  columns: [
    { name: 'LostTable', type: 'LowCardinality(String)' },
    { name: 'LostBatchId', type: 'UUID' },
    { name: 'Reason', type: 'LowCardinality(String)' },
    { name: 'LostRows', type: 'UInt64' },
    { name: 'LostBytes', type: 'UInt64' },
    { name: 'Message', type: 'String' },
    { name: 'Collector', type: 'LowCardinality(String)' },
    { name: 'DetectedAt', type: "DateTime64(3, 'UTC')" },
    { name: 'ReceivedAt', type: "DateTime64(3, 'UTC')" },
    { name: 'BatchId', type: 'UUID' },
    { name: 'RowNumber', type: 'UInt32' },
  ],
};
