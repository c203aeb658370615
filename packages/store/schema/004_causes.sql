-- Typed edges between spans of different traces, from span links, in both directions.
-- Replacing: an edge that is told twice is one edge.
CREATE TABLE causes
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    Kind LowCardinality(String) COMMENT 'call, message, schedule, retry, spawn, approval, handoff, link' CODEC(ZSTD(1)),
    CauseTraceId String CODEC(ZSTD(1)),
    CauseSpanId String CODEC(ZSTD(1)),
    EffectTraceId String CODEC(ZSTD(1)),
    EffectSpanId String CODEC(ZSTD(1)),
    EffectRunId UUID CODEC(ZSTD(1)),
    Timestamp DateTime64(9) COMMENT 'start of the effect' CODEC(Delta(8), ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (TenantId, CauseTraceId, CauseSpanId, EffectTraceId, EffectSpanId, Kind)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW causes_mv TO causes AS
SELECT
    TenantId,
    if(link.3['whence.cause'] = '', 'link', link.3['whence.cause']) AS Kind,
    link.1 AS CauseTraceId,
    link.2 AS CauseSpanId,
    TraceId AS EffectTraceId,
    SpanId AS EffectSpanId,
    RunId AS EffectRunId,
    Timestamp
FROM otel_traces
ARRAY JOIN arrayZip(`Links.TraceId`, `Links.SpanId`, `Links.Attributes`) AS link
WHERE link.1 != TraceId;

CREATE TABLE causes_by_effect
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    Kind LowCardinality(String) CODEC(ZSTD(1)),
    CauseTraceId String CODEC(ZSTD(1)),
    CauseSpanId String CODEC(ZSTD(1)),
    EffectTraceId String CODEC(ZSTD(1)),
    EffectSpanId String CODEC(ZSTD(1)),
    EffectRunId UUID CODEC(ZSTD(1)),
    Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (TenantId, EffectTraceId, EffectSpanId, CauseTraceId, CauseSpanId, Kind)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW causes_by_effect_mv TO causes_by_effect AS
SELECT TenantId, Kind, CauseTraceId, CauseSpanId, EffectTraceId, EffectSpanId, EffectRunId, Timestamp
FROM causes;
