-- When a trace happened, by its id: what Grafana's data source asks before it reads a trace, under the name and columns
-- of the OpenTelemetry exporter's lookup table. A view: the projection `by_trace` finds the rows, and inserts pay nothing.
CREATE VIEW otel_traces_trace_id_ts AS
SELECT
    TraceId,
    TenantId,
    min(toDateTime(Timestamp)) AS Start,
    max(toDateTime(Timestamp)) AS End
FROM otel_traces
WHERE TraceId != ''
GROUP BY TraceId, TenantId;
