/**
 * What Jaeger (2.20) keeps of a span on ClickHouse: columns and types, attributes apart by their type. The tables of names
 * (services, operations, attribute keys) are left out: Jaeger 2 makes those itself where it runs, and neither a trace by
 * its id nor a back-link is found by them.
 */
const ATTRIBUTE_TYPES = { bool: 'Bool', double: 'Float64', int: 'Int64', str: 'String', complex: 'String' };

const attributes = (prefix = ''): readonly string[] =>
  Object.entries(ATTRIBUTE_TYPES).map(
    ([kind, type]) => `${prefix}${kind}_attributes Nested(key String, value ${type})`,
  );

const texts = (...names: readonly string[]): readonly string[] => names.map((name) => `${name} String`);

const COLUMNS: readonly string[] = [
  ...texts('id', 'trace_id', 'trace_state', 'parent_span_id', 'name', 'kind'),
  'start_time DateTime64(9)',
  ...texts('status_code', 'status_message'),
  'duration Int64',
  ...attributes(),
  `events Nested(${['name String', 'timestamp DateTime64(9)', ...attributes()].join(', ')})`,
  `links Nested(${[...texts('trace_id', 'span_id', 'trace_state'), ...attributes()].join(', ')})`,
  ...texts('service_name'),
  ...attributes('resource_'),
  ...texts('scope_name', 'scope_version'),
  ...attributes('scope_'),
];

/** The table of spans, and the one that tells when a trace happened, with the view that fills it. */
export const JAEGER_TABLES: readonly string[] = [
  `CREATE TABLE spans (${COLUMNS.join(', ')},
     INDEX idx_trace_id trace_id TYPE bloom_filter GRANULARITY 1, INDEX idx_duration duration TYPE minmax GRANULARITY 1
   ) ENGINE = MergeTree PARTITION BY toDate(start_time) ORDER BY (service_name, name, toDateTime(start_time))`,
  `CREATE TABLE trace_id_timestamps (trace_id String,
     start SimpleAggregateFunction(min, DateTime64(9)), end SimpleAggregateFunction(max, DateTime64(9))
   ) ENGINE = AggregatingMergeTree ORDER BY trace_id`,
  `CREATE MATERIALIZED VIEW trace_id_timestamps_mv TO trace_id_timestamps AS
   SELECT trace_id, min(start_time) AS start, max(start_time) AS end FROM spans GROUP BY trace_id`,
];
