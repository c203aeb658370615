-- One row per action (OpenTelemetry span), as it was received. A row is never rewritten.
-- The first columns keep the names and types of the OpenTelemetry Collector's ClickHouse exporter.
-- A batch becomes one compact part: a wide one would be some 180 files, each synced before the insert is answered.
-- Partitioned by the day of receipt, so that a batch is always one partition, whatever times its spans claim.
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
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ScopeName String CODEC(ZSTD(1)),
    ScopeVersion String CODEC(ZSTD(1)),
    SpanAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
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
    RowNumber UInt32 COMMENT 'place in the batch, from 0' CODEC(ZSTD(1)),
    ReceivedAt DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),

    INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_span_id SpanId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_run_id RunId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_root_run_id RootRunId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_batch_id BatchId TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_timestamp Timestamp TYPE minmax GRANULARITY 1,
    INDEX idx_duration Duration TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(ReceivedAt)
ORDER BY (TenantId, ServiceName, SpanName, toDateTime(Timestamp))
SETTINGS
    ttl_only_drop_parts = 1,
    non_replicated_deduplication_window = 10000,
    min_bytes_for_wide_part = 67108864,
    fsync_after_insert = 1,
    fsync_part_directory = 1;
