-- Who did what is attributed: `attributions`, counted for the inventory and for coverage. Attributions change, so that
-- nothing can be added up as they come. A principal's hour is counted anew, whole, whenever one of its actions is
-- attributed, or no longer; so is what rests on it. Of each hour, or month, the rows with the greatest Pass count; one
-- without actions says that it was counted. What is counted are actions: a span that was sent twice is one.

-- The counterpart of principals_hourly.
CREATE TABLE inherited_hourly
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    PrincipalId LowCardinality(String) CODEC(ZSTD(1)),
    Hour DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    PrincipalKind LowCardinality(String) CODEC(ZSTD(1)),
    Witness Enum8('sdk' = 0, 'gateway' = 1, 'import' = 2) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    System LowCardinality(String) CODEC(ZSTD(1)),
    Operation LowCardinality(String) CODEC(ZSTD(1)),
    Actor LowCardinality(String) CODEC(ZSTD(1)),
    Pass UInt64 COMMENT 'taken before the attributions were read, grows with time' CODEC(ZSTD(1)),
    Actions UInt64 CODEC(ZSTD(1)),
    Errors UInt64 CODEC(ZSTD(1)),
    FirstSeen DateTime64(9) CODEC(ZSTD(1)),
    LastSeen DateTime64(9) CODEC(ZSTD(1)),
    Runs AggregateFunction(uniqCombined(12), UUID) CODEC(ZSTD(1)),

    INDEX idx_hour Hour TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(Pass)
PARTITION BY toYYYYMM(Hour)
ORDER BY (TenantId, PrincipalId, Hour, PrincipalKind, Witness, ServiceName, System, Operation, Actor)
SETTINGS
    ttl_only_drop_parts = 1,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

-- The counterpart of footprints, by the hour.
CREATE TABLE inherited_footprints
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    PrincipalId LowCardinality(String) CODEC(ZSTD(1)),
    Hour DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    System LowCardinality(String) CODEC(ZSTD(1)),
    Operation LowCardinality(String) CODEC(ZSTD(1)),
    Target String CODEC(ZSTD(1)),
    Pass UInt64 CODEC(ZSTD(1)),
    Actions UInt64 CODEC(ZSTD(1)),
    Errors UInt64 CODEC(ZSTD(1)),
    FirstSeen DateTime64(9) CODEC(ZSTD(1)),
    LastSeen DateTime64(9) CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(Pass)
ORDER BY (TenantId, PrincipalId, Hour, System, Operation, Target)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1;

-- The counterpart of principals, by the month: the list of everyone reads it whole. Of inherited_hourly.
CREATE TABLE inherited_monthly
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    PrincipalId LowCardinality(String) CODEC(ZSTD(1)),
    Month Date CODEC(ZSTD(1)),
    PrincipalKind LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    Actor LowCardinality(String) CODEC(ZSTD(1)),
    Pass UInt64 CODEC(ZSTD(1)),
    Actions UInt64 CODEC(ZSTD(1)),
    Errors UInt64 CODEC(ZSTD(1)),
    FirstSeen DateTime64(9) CODEC(ZSTD(1)),
    LastSeen DateTime64(9) CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(Pass)
ORDER BY (TenantId, PrincipalId, Month, PrincipalKind, ServiceName, Actor)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1;
