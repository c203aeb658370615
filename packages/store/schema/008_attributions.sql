-- Whom actions without a reference of their own are attributed to, as it was learnt: `otel_traces` is never rewritten.
-- A later row of a span takes the place of an earlier one; as it was known at a moment is the newest row up to then.
-- What the action itself says (from Timestamp on) is repeated here, so that it is found and counted without a join.
CREATE TABLE attributions
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    KnownAt DateTime64(6, 'UTC') COMMENT 'when the records were read from which it follows' CODEC(Delta(8), ZSTD(1)),
    Assurance Enum8('none' = 0, 'asserted' = 1, 'inherited' = 2, 'verified' = 3, 'refuted' = 4) COMMENT 'none: withdrawn' CODEC(ZSTD(1)),
    RunId UUID CODEC(ZSTD(1)),
    RootRunId UUID COMMENT 'zero: the record of the run was not known' CODEC(ZSTD(1)),
    RunPath Array(UUID) CODEC(ZSTD(1)),
    PrincipalId LowCardinality(String) COMMENT 'empty: the record of the run was not known' CODEC(ZSTD(1)),
    PrincipalKind LowCardinality(String) CODEC(ZSTD(1)),
    Authority LowCardinality(String) CODEC(ZSTD(1)),
    Via Enum8('none' = 0, 'parent' = 1, 'link' = 2) COMMENT 'link: at least once on the way' CODEC(ZSTD(1)),
    ViaTraceId String COMMENT 'the verified action that it rests on' CODEC(ZSTD(1)),
    ViaSpanId String CODEC(ZSTD(1)),
    Hops UInt16 COMMENT 'steps up to that action' CODEC(ZSTD(1)),

    Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    StatusCode LowCardinality(String) CODEC(ZSTD(1)),
    System LowCardinality(String) CODEC(ZSTD(1)),
    Operation LowCardinality(String) CODEC(ZSTD(1)),
    Target String CODEC(ZSTD(1)),
    Witness Enum8('sdk' = 0, 'gateway' = 1, 'import' = 2) CODEC(ZSTD(1)),
    Actor LowCardinality(String) CODEC(ZSTD(1)),
    SeenAt DateTime64(9) COMMENT 'Timestamp, but never later than the receipt' CODEC(Delta(8), ZSTD(1)),
    SeenHour DateTime('UTC') DEFAULT toStartOfHour(toDateTime(greatest(SeenAt, toDateTime64(0, 9)), 'UTC'))
        COMMENT 'as in principals_hourly' CODEC(Delta(4), ZSTD(1)),

    INDEX idx_timestamp Timestamp TYPE minmax GRANULARITY 1,
    PROJECTION by_run (SELECT TenantId, RootRunId, RunId, RunPath, TraceId, SpanId ORDER BY TenantId, RootRunId, RunId),
    PROJECTION by_principal (SELECT TenantId, PrincipalId, Timestamp, RunId, TraceId, SpanId ORDER BY TenantId, PrincipalId, Timestamp),
    PROJECTION by_hour (SELECT TenantId, PrincipalId, SeenHour, TraceId, SpanId ORDER BY TenantId, PrincipalId, SeenHour)
)
ENGINE = MergeTree
PARTITION BY toMonday(KnownAt)
ORDER BY (TenantId, TraceId, SpanId, KnownAt)
SETTINGS
    index_granularity = 1024,
    ttl_only_drop_parts = 1,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

-- What may still change the attribution of a trace that holds actions without a reference: its own spans, those of a
-- trace that it was linked to, the record of a run. What arrives is looked up here. Five weeks after it was last
-- worked out, a trace is no longer watched.
CREATE TABLE attribution_watches
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    Watched String COMMENT 'id of a trace or of a run' CODEC(ZSTD(1)),
    TraceId String COMMENT 'trace to be worked out anew when it arrives' CODEC(ZSTD(1)),
    Since DateTime('UTC') CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree(Since)
PARTITION BY toMonday(Since)
ORDER BY (TenantId, Watched, TraceId)
TTL Since + INTERVAL 35 DAY
SETTINGS
    index_granularity = 1024,
    ttl_only_drop_parts = 1,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

-- Which rows of a table were looked at, by the numbers that the store gives to inserted blocks. The newest statement
-- about a range counts.
CREATE TABLE attribution_progress
(
    TableName LowCardinality(String),
    TableId UUID COMMENT 'of the table, as the store knows it: one made anew counts its blocks anew',
    PartitionId String,
    MinBlock Int64,
    MaxBlock Int64 COMMENT 'less than MinBlock: void',
    RecordedAt DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = ReplacingMergeTree(RecordedAt)
ORDER BY (TableName, TableId, PartitionId, MinBlock)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1;
