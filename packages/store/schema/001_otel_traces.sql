-- One row per action (OpenTelemetry span), as it was received. A row is never rewritten.
-- The first columns keep the names of the OpenTelemetry Collector's ClickHouse exporter, and its types but for those of a
-- process that says the same with each span: a service's spans do not lie together here, and a dictionary saves 6 bytes.
-- A batch becomes one compact part: a wide one would be some 180 files, each synced before the insert is answered.
-- Partitioned by the week of receipt, so that a batch is always one partition, whatever times its spans claim.
-- Rows of a run lie together, runs in the order of their time, the span that opens a run first. Everything else is
-- found by projections, which hold a sorted key and the place of the row: they are part of every insert and merge.
CREATE TABLE otel_traces
(
    Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    ParentSpanId String CODEC(ZSTD(1)),
    TraceState String CODEC(ZSTD(1)),
    SpanName LowCardinality(String) CODEC(ZSTD(1)),
    SpanKind LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), LowCardinality(String)) CODEC(ZSTD(1)),
    ScopeName LowCardinality(String) CODEC(ZSTD(1)),
    ScopeVersion LowCardinality(String) CODEC(ZSTD(1)),
    SpanAttributes Map(LowCardinality(String), String) CODEC(ZSTD(6)),
    Duration UInt64 CODEC(ZSTD(1)),
    StatusCode LowCardinality(String) CODEC(ZSTD(1)),
    StatusMessage String CODEC(ZSTD(1)),
    `Events.Timestamp` Array(DateTime64(9)) CODEC(ZSTD(1)),
    `Events.Name` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `Events.Attributes` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    `Links.TraceId` Array(String) CODEC(ZSTD(1)),
    `Links.SpanId` Array(String) CODEC(ZSTD(1)),
    `Links.TraceState` Array(String) CODEC(ZSTD(1)),
    `Links.Attributes` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),

    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    Actor LowCardinality(String) COMMENT 'workload that sent it, as authenticated' CODEC(ZSTD(1)),
    Witness Enum8('sdk' = 0, 'gateway' = 1, 'import' = 2) CODEC(ZSTD(1)),
    RunId UUID COMMENT 'zero: no run' CODEC(ZSTD(1)),
    RootRunId UUID COMMENT 'zero: not known when received' CODEC(ZSTD(1)),
    RunPath Array(UUID) COMMENT 'ancestors of the run, the root first' CODEC(ZSTD(1)),
    PrincipalId LowCardinality(String) COMMENT 'empty: not known when received' CODEC(ZSTD(1)),
    PrincipalKind LowCardinality(String) CODEC(ZSTD(1)),
    Authority LowCardinality(String) CODEC(ZSTD(1)),
    Assurance Enum8('none' = 0, 'asserted' = 1, 'inherited' = 2, 'verified' = 3, 'refuted' = 4) CODEC(ZSTD(1)),
    System LowCardinality(String) CODEC(ZSTD(1)),
    Operation LowCardinality(String) CODEC(ZSTD(1)),
    Target String COMMENT 'resource URI' CODEC(ZSTD(1)),
    StatementHash UInt64 COMMENT 'fingerprint of the statement, literals and layout aside (0: none)' CODEC(ZSTD(1)),
    BatchId UUID COMMENT 'spool segment that carried the row' CODEC(ZSTD(1)),
    RowNumber UInt32 COMMENT 'place in the batch, from 0' CODEC(Delta(4), ZSTD(1)),
    ReceivedAt DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),

    TimestampTime DateTime MATERIALIZED toDateTime(toUInt32(least(greatest(toUnixTimestamp64Second(Timestamp), 0), 4294967295)))
        COMMENT 'seconds, never over the edge' CODEC(Delta(4), ZSTD(1)),
    StatementTime DateTime MATERIALIZED TimestampTime
        COMMENT 'the same: a condition on one column would have both projections read' CODEC(Delta(4), ZSTD(1)),
    RunKey UInt128 ALIAS if(
        toUInt128(RunId) = 0,
        bitShiftLeft(toUInt128(bitShiftRight(toUnixTimestamp64Milli(Timestamp), 12)), 92),
        toUInt128(RunId)) COMMENT 'the run in the order of its time, without one the time itself to 4 s',
    NotOpening UInt8 ALIAS NOT has(mapKeys(SpanAttributes), 'whence.run.id') COMMENT 'false: may open its run',

    INDEX idx_batch_id BatchId TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_timestamp Timestamp TYPE minmax GRANULARITY 1,
    INDEX idx_received_at ReceivedAt TYPE minmax GRANULARITY 1,

    PROJECTION by_span (SELECT _part_offset ORDER BY SpanId) WITH SETTINGS (index_granularity = 1024),
    PROJECTION by_trace (SELECT _part_offset ORDER BY TraceId) WITH SETTINGS (index_granularity = 1024),
    PROJECTION by_root (SELECT _part_offset ORDER BY RootRunId) WITH SETTINGS (index_granularity = 1024),
    PROJECTION by_target (SELECT _part_offset ORDER BY Target, TenantId, TimestampTime)
        WITH SETTINGS (index_granularity = 1024),
    PROJECTION by_statement (SELECT _part_offset ORDER BY StatementHash, TenantId, StatementTime)
        WITH SETTINGS (index_granularity = 1024),
    PROJECTION since (SELECT TenantId, count(), min(ReceivedAt) GROUP BY TenantId)
)
ENGINE = MergeTree
PARTITION BY toMonday(ReceivedAt)
PRIMARY KEY
(
    TenantId,
    if(
        toUInt128(RunId) = 0,
        bitShiftLeft(toUInt128(bitShiftRight(toUnixTimestamp64Milli(Timestamp), 12)), 92),
        toUInt128(RunId)),
    NOT has(mapKeys(SpanAttributes), 'whence.run.id')
)
ORDER BY
(
    TenantId,
    if(
        toUInt128(RunId) = 0,
        bitShiftLeft(toUInt128(bitShiftRight(toUnixTimestamp64Milli(Timestamp), 12)), 92),
        toUInt128(RunId)),
    NOT has(mapKeys(SpanAttributes), 'whence.run.id'),
    TraceId
)
SETTINGS
    index_granularity = 2048,
    default_compression_codec = 'ZSTD(1)',
    ttl_only_drop_parts = 1,
    non_replicated_deduplication_window = 10000,
    min_bytes_for_wide_part = 67108864,
    fsync_after_insert = 1,
    fsync_part_directory = 1;
