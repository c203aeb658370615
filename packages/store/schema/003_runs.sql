-- The records of runs: one row when a run starts, one when it ends. A row is never rewritten.
-- A record is read whole or not at all: compact parts, where a look-up opens one file instead of forty.
-- In the order of their time: a UUIDv7 begins with it, as a number; ClickHouse itself orders UUIDs by their second half.
CREATE TABLE runs
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    RunId UUID CODEC(ZSTD(1)),
    RootRunId UUID CODEC(ZSTD(1)),
    ParentRunId UUID COMMENT 'zero: a root' CODEC(ZSTD(1)),
    RunPath Array(UUID) COMMENT 'ancestors, the root first' CODEC(ZSTD(1)),
    Record Enum8('started' = 0, 'ended' = 1) CODEC(ZSTD(1)),
    Job LowCardinality(String) CODEC(ZSTD(1)),
    Attempt UInt32 CODEC(ZSTD(1)),
    Trigger LowCardinality(String) CODEC(ZSTD(1)),
    PrincipalId LowCardinality(String) CODEC(ZSTD(1)),
    PrincipalKind LowCardinality(String) CODEC(ZSTD(1)),
    Authority LowCardinality(String) CODEC(ZSTD(1)),
    Assurance Enum8('none' = 0, 'asserted' = 1, 'inherited' = 2, 'verified' = 3, 'refuted' = 4) CODEC(ZSTD(1)),
    Actor LowCardinality(String) CODEC(ZSTD(1)),
    StartedAt DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    EndedAt DateTime64(3, 'UTC') COMMENT 'zero in a started record' CODEC(Delta(8), ZSTD(1)),
    Outcome LowCardinality(String) CODEC(ZSTD(1)),
    Message String CODEC(ZSTD(1)),
    BatchId UUID CODEC(ZSTD(1)),
    RowNumber UInt32 CODEC(ZSTD(1)),
    ReceivedAt DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),

    INDEX idx_started_at StartedAt TYPE minmax GRANULARITY 1,
    INDEX idx_batch_id BatchId TYPE bloom_filter(0.01) GRANULARITY 1,

    PROJECTION by_root (SELECT _part_offset ORDER BY RootRunId) WITH SETTINGS (index_granularity = 256),
    PROJECTION by_parent (SELECT _part_offset ORDER BY ParentRunId) WITH SETTINGS (index_granularity = 256)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ReceivedAt)
ORDER BY (TenantId, toUInt128(RunId), Record)
SETTINGS
    index_granularity = 256,
    min_bytes_for_wide_part = 1099511627776,
    default_compression_codec = 'ZSTD(1)',
    ttl_only_drop_parts = 1,
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;
