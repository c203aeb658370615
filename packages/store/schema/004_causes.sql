-- Typed edges between spans of different traces, from span links: by cause, and by effect through the projection.
-- Replacing: an edge that is told twice within a month is one edge.
CREATE TABLE causes
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    Kind LowCardinality(String) COMMENT 'call, message, schedule, retry, spawn, approval, handoff, link' CODEC(ZSTD(1)),
    CauseTraceId String CODEC(ZSTD(1)),
    CauseSpanId String CODEC(ZSTD(1)),
    EffectTraceId String CODEC(ZSTD(1)),
    EffectSpanId String CODEC(ZSTD(1)),
    EffectRunId UUID CODEC(ZSTD(1)),
    Timestamp DateTime64(9) COMMENT 'start of the effect' CODEC(Delta(8), ZSTD(1)),
    ReceivedAt DateTime64(3, 'UTC') COMMENT 'of the effect' CODEC(Delta(8), ZSTD(1)),

    PROJECTION by_effect (SELECT _part_offset ORDER BY EffectTraceId, EffectSpanId)
        WITH SETTINGS (index_granularity = 1024)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ReceivedAt)
ORDER BY (TenantId, CauseTraceId, CauseSpanId, EffectTraceId, EffectSpanId, Kind)
SETTINGS
    index_granularity = 1024,
    default_compression_codec = 'ZSTD(1)',
    ttl_only_drop_parts = 1,
    deduplicate_merge_projection_mode = 'rebuild',
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE MATERIALIZED VIEW causes_mv TO causes AS
SELECT
    TenantId,
    if(link.3['whence.cause'] = '', 'link', link.3['whence.cause']) AS Kind,
    link.1 AS CauseTraceId,
    link.2 AS CauseSpanId,
    TraceId AS EffectTraceId,
    SpanId AS EffectSpanId,
    RunId AS EffectRunId,
    Timestamp,
    ReceivedAt
FROM otel_traces
ARRAY JOIN arrayZip(`Links.TraceId`, `Links.SpanId`, `Links.Attributes`) AS link
WHERE link.1 != TraceId;
