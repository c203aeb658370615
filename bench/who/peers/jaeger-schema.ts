import { fillSpans } from '../rows/fill.ts';
import { OTEL_COLUMNS } from '../rows/span-rows.ts';
import { JAEGER_TABLES } from './jaeger-tables.ts';
import type { SchemaPeer } from './schema-peer.ts';

const NUMBER = '^[0-9]{1,15}$';

/** Numbers are numbers, as they were when they were sent; everything else is text. */
const keysAndValues = (prefix: string, map: string): Readonly<Record<string, string>> => ({
  [`\`${prefix}int_attributes.key\``]: `mapKeys(mapFilter((key, value) -> match(value, '${NUMBER}'), ${map}))`,
  [`\`${prefix}int_attributes.value\``]: `arrayMap(value -> toInt64(value), mapValues(mapFilter((key, value) -> match(value, '${NUMBER}'), ${map})))`,
  [`\`${prefix}str_attributes.key\``]: `mapKeys(mapFilter((key, value) -> NOT match(value, '${NUMBER}'), ${map}))`,
  [`\`${prefix}str_attributes.value\``]: `mapValues(mapFilter((key, value) -> NOT match(value, '${NUMBER}'), ${map}))`,
});

const JAEGER_COLUMNS = (seed: number): Readonly<Record<string, string>> => {
  const otel = OTEL_COLUMNS(seed);
  const of = (name: string): string => otel[name]!;
  const pairs = (maps: string): string =>
    `arrayMap(attributes -> arrayZip(mapKeys(attributes), mapValues(attributes)), ${maps})`;
  return {
    id: of('SpanId'),
    trace_id: of('TraceId'),
    trace_state: of('TraceState'),
    parent_span_id: of('ParentSpanId'),
    name: of('SpanName'),
    kind: `lower(${of('SpanKind')})`,
    start_time: of('Timestamp'),
    status_code: of('StatusCode'),
    status_message: of('StatusMessage'),
    duration: `toInt64(${of('Duration')})`,
    ...keysAndValues('', of('SpanAttributes')),
    '`events.name`': of('`Events.Name`'),
    '`events.timestamp`': of('`Events.Timestamp`'),
    '`events.str_attributes`': pairs(of('`Events.Attributes`')),
    '`links.trace_id`': of('`Links.TraceId`'),
    '`links.span_id`': of('`Links.SpanId`'),
    '`links.trace_state`': of('`Links.TraceState`'),
    '`links.str_attributes`': pairs(of('`Links.Attributes`')),
    service_name: of('ServiceName'),
    ...keysAndValues('resource_', of('ResourceAttributes')),
    scope_name: of('ScopeName'),
    scope_version: of('ScopeVersion'),
  };
};

/** Columns of Jaeger's that its reader asks for: all. */
export const JAEGER_SCHEMA: SchemaPeer = {
  name: 'jaegerSchema',
  database: 'peer_jaeger',
  tables: JAEGER_TABLES,
  fill: (engine, plan, filled) =>
    fillSpans(engine, plan, { table: 'spans', columns: JAEGER_COLUMNS(plan.seed), mayOmit: true, filled }),
  traceById: (trace) => `SELECT * FROM spans WHERE trace_id = '${trace}'`,
  linkedFrom: ({ trace, span }) =>
    `SELECT trace_id, id FROM spans WHERE has(\`links.span_id\`, '${span}') AND has(\`links.trace_id\`, '${trace}')`,
};
