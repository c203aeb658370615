-- Which runs and services worked on which commit: `vcs.ref.head.revision` of the span, or else of its resource.
CREATE TABLE revisions
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    Revision String COMMENT 'lower case' CODEC(ZSTD(1)),
    RunId UUID COMMENT 'zero: no run' CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    ReceivedMonth Date CODEC(ZSTD(1)),
    FirstSpan AggregateFunction(argMin, Tuple(String, String), DateTime64(9)) COMMENT 'trace and span id' CODEC(ZSTD(1)),
    FirstSeen SimpleAggregateFunction(min, DateTime64(9)) CODEC(Delta(8), ZSTD(1)),
    LastSeen SimpleAggregateFunction(max, DateTime64(9)) CODEC(Delta(8), ZSTD(1)),
    Actions SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY ReceivedMonth
ORDER BY (TenantId, Revision, RunId, ServiceName)
SETTINGS
    ttl_only_drop_parts = 1,
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE MATERIALIZED VIEW revisions_mv TO revisions AS
SELECT
    TenantId,
    lower(if(
        SpanAttributes['vcs.ref.head.revision'] != '',
        SpanAttributes['vcs.ref.head.revision'],
        ResourceAttributes['vcs.ref.head.revision'])) AS Revision,
    RunId,
    ServiceName,
    toStartOfMonth(ReceivedAt) AS ReceivedMonth,
    argMinState((TraceId, SpanId), Timestamp) AS FirstSpan,
    min(Timestamp) AS FirstSeen,
    max(Timestamp) AS LastSeen,
    count() AS Actions
FROM otel_traces
WHERE Revision != '' AND Assurance != 'refuted'
GROUP BY TenantId, Revision, RunId, ServiceName, ReceivedMonth
