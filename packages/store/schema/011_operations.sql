-- Which operations each service has, by kind of span: what search forms list, without a look at the spans.
-- Times are of receipt, which the collector's clock tells. A row is told with every batch, and merged into one.
CREATE TABLE operations
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    SpanName LowCardinality(String) CODEC(ZSTD(1)),
    SpanKind LowCardinality(String) CODEC(ZSTD(1)),
    FirstReceived SimpleAggregateFunction(min, DateTime('UTC')) CODEC(ZSTD(1)),
    LastReceived SimpleAggregateFunction(max, DateTime('UTC')) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (TenantId, ServiceName, SpanName, SpanKind)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE MATERIALIZED VIEW operations_mv TO operations AS
SELECT
    TenantId,
    ServiceName,
    SpanName,
    SpanKind,
    min(toDateTime(ReceivedAt, 'UTC')) AS FirstReceived,
    max(toDateTime(ReceivedAt, 'UTC')) AS LastReceived
FROM otel_traces
WHERE NOT (System = 'whence' AND Operation = 'open')
GROUP BY TenantId, ServiceName, SpanName, SpanKind;

-- What was there before the view. Told twice, it is the same row.
INSERT INTO operations
SELECT
    TenantId,
    ServiceName,
    SpanName,
    SpanKind,
    min(toDateTime(ReceivedAt, 'UTC')) AS FirstReceived,
    max(toDateTime(ReceivedAt, 'UTC')) AS LastReceived
FROM otel_traces
WHERE NOT (System = 'whence' AND Operation = 'open')
GROUP BY TenantId, ServiceName, SpanName, SpanKind;
