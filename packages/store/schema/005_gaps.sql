-- What a collector accepted and could not keep: said out loud, since silence would read as innocence.
-- The same gap may be told more than once: (LostTable, LostBatchId, Reason) names it.
CREATE TABLE gaps
(
    LostTable LowCardinality(String) COMMENT 'table that the rows were for' CODEC(ZSTD(1)),
    LostBatchId UUID COMMENT 'spool segment that held them' CODEC(ZSTD(1)),
    Reason LowCardinality(String) COMMENT 'damaged, refused' CODEC(ZSTD(1)),
    LostRows UInt64 COMMENT 'as far as it is known' CODEC(ZSTD(1)),
    LostBytes UInt64 CODEC(ZSTD(1)),
    Message String CODEC(ZSTD(1)),
    Collector LowCardinality(String) COMMENT 'host on which it happened' CODEC(ZSTD(1)),
    DetectedAt DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    BatchId UUID CODEC(ZSTD(1)),
    RowNumber UInt32 CODEC(ZSTD(1)),
    ReceivedAt DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),

    INDEX idx_batch_id BatchId TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ReceivedAt)
ORDER BY (LostTable, LostBatchId, Reason)
SETTINGS
    ttl_only_drop_parts = 1,
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;
