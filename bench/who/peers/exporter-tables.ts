/** What the OpenTelemetry Collector's ClickHouse exporter (0.161) keeps of a span: columns and types, `ZSTD(1)` but for times. */
const COLUMNS: Readonly<Record<string, string>> = {
  Timestamp: 'DateTime64(9) CODEC(Delta, ZSTD(1))',
  ...allOf(['TraceId', 'SpanId', 'ParentSpanId', 'TraceState'], 'String'),
  ...allOf(['SpanName', 'SpanKind', 'ServiceName'], 'LowCardinality(String)'),
  ...allOf(['ResourceAttributes', 'SpanAttributes'], 'Map(LowCardinality(String), String)'),
  ...allOf(['ScopeName', 'ScopeVersion', 'StatusMessage'], 'String'),
  ...allOf(['StatusCode'], 'LowCardinality(String)'),
  ...allOf(['Duration'], 'UInt64'),
  ...allOf(
    ['Events'],
    'Nested(Timestamp DateTime64(9), Name LowCardinality(String), Attributes Map(LowCardinality(String), String))',
  ),
  ...allOf(
    ['Links'],
    'Nested(TraceId String, SpanId String, TraceState String, Attributes Map(LowCardinality(String), String))',
  ),
};

/** Skip indexes: expression, kind. */
const INDEXES: readonly (readonly [string, string])[] = [
  ['TraceId', 'bloom_filter(0.001)'],
  ...['ResourceAttributes', 'SpanAttributes'].flatMap((map) => [
    [`mapKeys(${map})`, 'bloom_filter(0.01)'] as const,
    [`mapValues(${map})`, 'bloom_filter(0.01)'] as const,
  ]),
  ['Duration', 'minmax'],
];

function allOf(names: readonly string[], type: string): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, `${type} CODEC(ZSTD(1))`]));
}

/** The table of spans, and the one that tells when a trace happened, with the view that fills it. */
export const EXPORTER_TABLES: readonly string[] = [
  `CREATE TABLE otel_traces (
     ${Object.entries(COLUMNS)
       .map(([name, type]) => `${name} ${type}`)
       .join(', ')},
     ${INDEXES.map(([expression, kind], at) => `INDEX i${at} ${expression} TYPE ${kind} GRANULARITY 1`).join(', ')}
   ) ENGINE = MergeTree PARTITION BY toDate(Timestamp) ORDER BY (ServiceName, SpanName, toDateTime(Timestamp))
   SETTINGS ttl_only_drop_parts = 1`,
  `CREATE TABLE otel_traces_trace_id_ts (
     TraceId String CODEC(ZSTD(1)), Start DateTime CODEC(Delta, ZSTD(1)), End DateTime CODEC(Delta, ZSTD(1)),
     INDEX i0 TraceId TYPE bloom_filter(0.01) GRANULARITY 1
   ) ENGINE = MergeTree PARTITION BY toDate(Start) ORDER BY (TraceId, Start) SETTINGS ttl_only_drop_parts = 1`,
  `CREATE MATERIALIZED VIEW otel_traces_trace_id_ts_mv TO otel_traces_trace_id_ts AS
   SELECT TraceId, min(Timestamp) AS Start, max(Timestamp) AS End FROM otel_traces WHERE TraceId != '' GROUP BY TraceId`,
];
