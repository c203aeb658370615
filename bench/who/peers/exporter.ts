import { fillSpans } from '../rows/fill.ts';
import { OTEL_COLUMNS } from '../rows/span-rows.ts';
import type { Engine } from '../stage/engine.ts';
import { EXPORTER_TABLES } from './exporter-tables.ts';
import type { SchemaPeer } from './schema-peer.ts';

/** The schema of the OpenTelemetry Collector's ClickHouse exporter, asked as its README asks. */
export const EXPORTER: SchemaPeer = {
  name: 'exporter',
  database: 'peer_exporter',
  tables: EXPORTER_TABLES,
  fill: (engine: Engine, plan, filled) =>
    fillSpans(engine, plan, { table: 'otel_traces', columns: OTEL_COLUMNS(plan.seed), filled }),
  traceById: (trace) => `
    WITH '${trace}' AS trace_id,
      (SELECT min(Start) FROM otel_traces_trace_id_ts WHERE TraceId = trace_id) AS start,
      (SELECT max(End) + 1 FROM otel_traces_trace_id_ts WHERE TraceId = trace_id) AS end
    SELECT * FROM otel_traces WHERE TraceId = trace_id AND Timestamp >= start AND Timestamp <= end`,
  linkedFrom: ({ trace, span }) =>
    `SELECT TraceId, SpanId FROM otel_traces WHERE has(\`Links.SpanId\`, '${span}') AND has(\`Links.TraceId\`, '${trace}')`,
};
