-- Who acts: what each principal did, kept small enough to be asked about every principal there is.
-- A row of otel_traces that came before its run's record names no principal. It is kept under its run, and the record in
-- `runs` says whose it was when it is read. A refuted reference names nobody. Marks of open actions are no actions.
-- When something was seen is the sender's word, but never later than the receipt. What is counted are records: a span
-- that was sent twice is two.

-- By the hour. Partitioned by the month of receipt, so that a batch is one partition whatever times its spans claim.
CREATE TABLE principals_hourly
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    PrincipalId LowCardinality(String) COMMENT 'empty: nobody, or see UnnamedRunId' CODEC(ZSTD(1)),
    UnnamedRunId UUID COMMENT 'run of rows whose principal was not known when received (zero: named, or no run)' CODEC(ZSTD(1)),
    Hour DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    PrincipalKind LowCardinality(String) CODEC(ZSTD(1)),
    Assurance Enum8('none' = 0, 'asserted' = 1, 'inherited' = 2, 'verified' = 3, 'refuted' = 4) CODEC(ZSTD(1)),
    Witness Enum8('sdk' = 0, 'gateway' = 1, 'import' = 2) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    System LowCardinality(String) CODEC(ZSTD(1)),
    Operation LowCardinality(String) CODEC(ZSTD(1)),
    Actor LowCardinality(String) CODEC(ZSTD(1)),
    ReceivedMonth Date CODEC(ZSTD(1)),
    Actions SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    Errors SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    FirstSeen SimpleAggregateFunction(min, DateTime64(9)) CODEC(ZSTD(1)),
    LastSeen SimpleAggregateFunction(max, DateTime64(9)) CODEC(ZSTD(1)),
    Runs AggregateFunction(uniqCombined(12), UUID) COMMENT 'exact for a few, within 2 % for many' CODEC(ZSTD(1)),

    INDEX idx_hour Hour TYPE minmax GRANULARITY 1
)
ENGINE = AggregatingMergeTree
PARTITION BY ReceivedMonth
ORDER BY (TenantId, PrincipalId, UnnamedRunId, Hour, PrincipalKind, Assurance, Witness, ServiceName, System, Operation, Actor)
SETTINGS
    ttl_only_drop_parts = 1,
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE MATERIALIZED VIEW principals_hourly_mv TO principals_hourly AS
SELECT
    TenantId,
    if(Assurance = 'refuted', '', otel_traces.PrincipalId) AS PrincipalId,
    if(otel_traces.PrincipalId = '' AND Assurance IN ('asserted', 'inherited', 'verified'),
        RunId, toUUID('00000000-0000-0000-0000-000000000000')) AS UnnamedRunId,
    toStartOfHour(toDateTime(greatest(least(Timestamp, ReceivedAt), toDateTime64(0, 9)), 'UTC')) AS Hour,
    if(Assurance = 'refuted', '', otel_traces.PrincipalKind) AS PrincipalKind,
    Assurance,
    Witness,
    ServiceName,
    System,
    Operation,
    Actor,
    toStartOfMonth(ReceivedAt) AS ReceivedMonth,
    count() AS Actions,
    countIf(StatusCode = 'Error') AS Errors,
    min(least(Timestamp, ReceivedAt)) AS FirstSeen,
    max(least(Timestamp, ReceivedAt)) AS LastSeen,
    uniqCombinedState(12)(RunId) AS Runs
FROM otel_traces
WHERE NOT (System = 'whence' AND Operation = 'open')
GROUP BY
    TenantId, PrincipalId, UnnamedRunId, Hour, PrincipalKind, Assurance, Witness, ServiceName, System, Operation, Actor,
    ReceivedMonth;

-- Ever: one row for each principal, service, workload and assurance.
CREATE TABLE principals
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    PrincipalId LowCardinality(String) CODEC(ZSTD(1)),
    UnnamedRunId UUID CODEC(ZSTD(1)),
    PrincipalKind LowCardinality(String) CODEC(ZSTD(1)),
    Assurance Enum8('none' = 0, 'asserted' = 1, 'inherited' = 2, 'verified' = 3, 'refuted' = 4) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    Actor LowCardinality(String) CODEC(ZSTD(1)),
    Actions SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    Errors SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    FirstSeen SimpleAggregateFunction(min, DateTime64(9)) CODEC(ZSTD(1)),
    LastSeen SimpleAggregateFunction(max, DateTime64(9)) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (TenantId, PrincipalId, UnnamedRunId, PrincipalKind, Assurance, ServiceName, Actor)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE MATERIALIZED VIEW principals_mv TO principals AS
SELECT
    TenantId, PrincipalId, UnnamedRunId, PrincipalKind, Assurance, ServiceName, Actor,
    sum(Actions) AS Actions, sum(Errors) AS Errors, min(FirstSeen) AS FirstSeen, max(LastSeen) AS LastSeen
FROM principals_hourly
GROUP BY TenantId, PrincipalId, UnnamedRunId, PrincipalKind, Assurance, ServiceName, Actor;

-- What each principal has ever done to what. Without a time, so that a first use is known for good. FirstReceived is
-- the collector's own clock, which no sender can set. Ids in the paths of URLs are set aside: else there would be as many
-- rows as ids. What an id is says `target-shape.ts`.
CREATE TABLE footprints
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    PrincipalId LowCardinality(String) CODEC(ZSTD(1)),
    UnnamedRunId UUID CODEC(ZSTD(1)),
    Assurance Enum8('none' = 0, 'asserted' = 1, 'inherited' = 2, 'verified' = 3, 'refuted' = 4) CODEC(ZSTD(1)),
    System LowCardinality(String) CODEC(ZSTD(1)),
    Operation LowCardinality(String) CODEC(ZSTD(1)),
    Target String COMMENT 'ids in the path of a URL as {id}' CODEC(ZSTD(1)),
    Example SimpleAggregateFunction(any, String) COMMENT 'one such target, of the first (empty: the target itself)' CODEC(ZSTD(1)),
    Actions SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    Errors SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    FirstSeen SimpleAggregateFunction(min, DateTime64(9)) CODEC(ZSTD(1)),
    LastSeen SimpleAggregateFunction(max, DateTime64(9)) CODEC(ZSTD(1)),
    FirstReceived SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),

    INDEX idx_first_received FirstReceived TYPE minmax GRANULARITY 1
)
ENGINE = AggregatingMergeTree
ORDER BY (TenantId, PrincipalId, UnnamedRunId, System, Operation, Target, Assurance)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE MATERIALIZED VIEW footprints_mv TO footprints AS
SELECT
    TenantId,
    if(Assurance = 'refuted', '', otel_traces.PrincipalId) AS PrincipalId,
    if(otel_traces.PrincipalId = '' AND Assurance IN ('asserted', 'inherited', 'verified'),
        RunId, toUUID('00000000-0000-0000-0000-000000000000')) AS UnnamedRunId,
    Assurance,
    System,
    Operation,
    if(
        match(otel_traces.Target, '^https?://'),
        concat(
            extract(otel_traces.Target, '^[^/]*//[^/]*') AS url_authority,
            if(
                match(
                    replaceRegexpAll(
                        replaceRegexpAll(
                            substring(otel_traces.Target, length(url_authority) + 1),
                            '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[0-9a-fA-F]{16,}|[0-9]{6,}',
                            '{id}'),
                        '/[0-9]+\\b', '/{id}') AS url_path,
                    '[0-9A-Za-z]{14,}'),
                arrayStringConcat(
                    arrayMap(
                        part -> if(
                            match(part, '^(?:[A-Za-z]{1,8}[_-])?[0-9A-Za-z]{14,}$') AND match(part, '[0-9].*[0-9].*[0-9]'),
                            '{id}', part),
                        splitByChar('/', url_path)),
                    '/'),
                url_path)),
        otel_traces.Target) AS Target,
    any(if(Target = otel_traces.Target, '', otel_traces.Target)) AS Example,
    count() AS Actions,
    countIf(StatusCode = 'Error') AS Errors,
    min(least(Timestamp, ReceivedAt)) AS FirstSeen,
    max(least(Timestamp, ReceivedAt)) AS LastSeen,
    min(ReceivedAt) AS FirstReceived
FROM otel_traces
WHERE (Operation != '' OR Target != '') AND NOT (System = 'whence' AND Operation = 'open')
GROUP BY TenantId, PrincipalId, UnnamedRunId, Assurance, System, Operation, Target;

-- What has ever been acted on, by whomever.
CREATE TABLE target_totals
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    Target String CODEC(ZSTD(1)),
    System LowCardinality(String) CODEC(ZSTD(1)),
    Actions SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    Errors SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    FirstSeen SimpleAggregateFunction(min, DateTime64(9)) CODEC(ZSTD(1)),
    LastSeen SimpleAggregateFunction(max, DateTime64(9)) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (TenantId, Target, System)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE MATERIALIZED VIEW target_totals_mv TO target_totals AS
SELECT
    TenantId, Target, System,
    sum(Actions) AS Actions, sum(Errors) AS Errors, min(FirstSeen) AS FirstSeen, max(LastSeen) AS LastSeen
FROM footprints
WHERE Target != ''
GROUP BY TenantId, Target, System;

-- The runs of each principal by their start. Replacing: both records of a run say the same here.
CREATE TABLE principal_runs
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    PrincipalId LowCardinality(String) CODEC(ZSTD(1)),
    StartedAt DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    RunId UUID CODEC(ZSTD(1)),
    Assurance Enum8('none' = 0, 'asserted' = 1, 'inherited' = 2, 'verified' = 3, 'refuted' = 4) CODEC(ZSTD(1)),
    RootRunId UUID CODEC(ZSTD(1)),
    ReceivedAt DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ReceivedAt)
ORDER BY (TenantId, PrincipalId, StartedAt, RunId, Assurance)
SETTINGS
    ttl_only_drop_parts = 1,
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE MATERIALIZED VIEW principal_runs_mv TO principal_runs AS
SELECT TenantId, PrincipalId, least(runs.StartedAt, ReceivedAt) AS StartedAt, RunId, Assurance, RootRunId, ReceivedAt
FROM runs;

-- What each principal runs, and what allowed it.
CREATE TABLE principal_jobs
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    PrincipalId LowCardinality(String) CODEC(ZSTD(1)),
    PrincipalKind LowCardinality(String) CODEC(ZSTD(1)),
    Job LowCardinality(String) CODEC(ZSTD(1)),
    Authority LowCardinality(String) CODEC(ZSTD(1)),
    Assurance Enum8('none' = 0, 'asserted' = 1, 'inherited' = 2, 'verified' = 3, 'refuted' = 4) CODEC(ZSTD(1)),
    Started SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    Ended SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    Failed SimpleAggregateFunction(sum, UInt64) COMMENT 'ended otherwise than in success' CODEC(ZSTD(1)),
    FirstStartedAt SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    LastStartedAt SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    LastEndedAt SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'zero: none has ended' CODEC(ZSTD(1)),
    LastRunId AggregateFunction(argMax, UUID, DateTime64(3, 'UTC')) COMMENT 'by start' CODEC(ZSTD(1)),
    LastOutcome AggregateFunction(argMax, String, DateTime64(3, 'UTC')) COMMENT 'by end' CODEC(ZSTD(1)),
    Starters SimpleAggregateFunction(groupUniqArrayArray(16), Array(String)) COMMENT 'workloads that had them started, some' CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (TenantId, PrincipalId, PrincipalKind, Job, Authority, Assurance)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE MATERIALIZED VIEW principal_jobs_mv TO principal_jobs AS
SELECT
    TenantId, PrincipalId, PrincipalKind, Job, Authority, Assurance,
    countIf(Record = 'started') AS Started,
    countIf(Record = 'ended') AS Ended,
    countIf(Record = 'ended' AND Outcome != 'success') AS Failed,
    min(least(StartedAt, ReceivedAt)) AS FirstStartedAt,
    max(least(StartedAt, ReceivedAt)) AS LastStartedAt,
    max(least(EndedAt, ReceivedAt)) AS LastEndedAt,
    argMaxState(RunId, least(StartedAt, ReceivedAt)) AS LastRunId,
    argMaxState(toString(Outcome), least(EndedAt, ReceivedAt)) AS LastOutcome,
    groupUniqArrayArray(16)(if(Record = 'started' AND Actor != '', [toString(Actor)], []::Array(String))) AS Starters
FROM runs
GROUP BY TenantId, PrincipalId, PrincipalKind, Job, Authority, Assurance;

-- Who answers for a principal, as told over the API. A row is never rewritten: the newest counts.
CREATE TABLE principal_owners
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    PrincipalId String CODEC(ZSTD(1)),
    Owner String COMMENT 'URI of a person or group (empty: none named)' CODEC(ZSTD(1)),
    Team String COMMENT 'empty: none named. Neither owner nor team: taken back' CODEC(ZSTD(1)),
    DeclaredBy String COMMENT 'principal that told it' CODEC(ZSTD(1)),
    DeclaredAt DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    DeclarationId UUID COMMENT 'version 7: tells the order within a millisecond' CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (TenantId, PrincipalId, DeclaredAt)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;
