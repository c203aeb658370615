import type { RowTable } from './columns.ts';

const MAP = 'Map(LowCardinality(String), String)';

/**
 * Row order of `otel_traces`. Columns that share their value over many rows stand together, so that an encoder copies
 * them as one run of bytes: what a scope shares, what a request shares, what a run shares.
 */
export const OTEL_TRACES: RowTable = {
  name: 'otel_traces',
  columns: [
    { name: 'Timestamp', type: 'DateTime64(9)' },
    { name: 'TraceId', type: 'String' },
    { name: 'SpanId', type: 'String' },
    { name: 'ParentSpanId', type: 'String' },
    { name: 'TraceState', type: 'String' },
    { name: 'SpanName', type: 'LowCardinality(String)' },
    { name: 'SpanKind', type: 'LowCardinality(String)' },
    { name: 'Duration', type: 'UInt64' },
    { name: 'StatusCode', type: 'LowCardinality(String)' },
    { name: 'StatusMessage', type: 'String' },
    { name: 'SpanAttributes', type: MAP },
    { name: 'Events.Timestamp', type: 'Array(DateTime64(9))' },
    { name: 'Events.Name', type: 'Array(LowCardinality(String))' },
    { name: 'Events.Attributes', type: `Array(${MAP})` },
    { name: 'Links.TraceId', type: 'Array(String)' },
    { name: 'Links.SpanId', type: 'Array(String)' },
    { name: 'Links.TraceState', type: 'Array(String)' },
    { name: 'Links.Attributes', type: `Array(${MAP})` },
    // of the action
    { name: 'System', type: 'LowCardinality(String)' },
    { name: 'Operation', type: 'LowCardinality(String)' },
    { name: 'Target', type: 'String' },
    { name: 'StatementHash', type: 'UInt64' },
    // of the scope
    { name: 'ServiceName', type: 'LowCardinality(String)' },
    { name: 'ResourceAttributes', type: 'Map(LowCardinality(String), LowCardinality(String))' },
    { name: 'ScopeName', type: 'LowCardinality(String)' },
    { name: 'ScopeVersion', type: 'LowCardinality(String)' },
    // of the run
    { name: 'RunId', type: 'UUID' },
    { name: 'RootRunId', type: 'UUID' },
    { name: 'RunPath', type: 'Array(UUID)' },
    { name: 'PrincipalId', type: 'LowCardinality(String)' },
    { name: 'PrincipalKind', type: 'LowCardinality(String)' },
    { name: 'Authority', type: 'LowCardinality(String)' },
    {
      name: 'Assurance',
      type: "Enum8('none' = 0, 'asserted' = 1, 'inherited' = 2, 'verified' = 3, 'refuted' = 4)",
    },
    // of the request
    { name: 'TenantId', type: 'LowCardinality(String)' },
    { name: 'Actor', type: 'LowCardinality(String)' },
    { name: 'Witness', type: "Enum8('sdk' = 0, 'gateway' = 1, 'import' = 2)" },
    { name: 'ReceivedAt', type: "DateTime64(3, 'UTC')" },
    { name: 'BatchId', type: 'UUID' },
    { name: 'RowNumber', type: 'UInt32' },
  ],
};
