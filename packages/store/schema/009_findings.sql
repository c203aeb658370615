-- What was found in the record by itself, and what people said of it. No row is ever rewritten: the newest counts.

-- A finding has an id that follows from what was found, so that whoever finds it again, or anew, says the same. What
-- goes on for hours is told in parts, one for each hour of receipt: counts are added up over parts.
CREATE TABLE findings
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    FindingId UUID CODEC(ZSTD(1)),
    Part DateTime('UTC') COMMENT 'hour of receipt (zero: of no hour)' CODEC(ZSTD(1)),
    Rule LowCardinality(String) CODEC(ZSTD(1)),
    Severity Enum8('info' = 0, 'low' = 1, 'medium' = 2, 'high' = 3) CODEC(ZSTD(1)),
    SubjectKind LowCardinality(String) COMMENT 'principal, run, target, actor, credential, authority, service, recorder, rule' CODEC(ZSTD(1)),
    Subject String CODEC(ZSTD(1)),
    PrincipalId String COMMENT 'empty: no principal is concerned, or none alone' CODEC(ZSTD(1)),
    Target String COMMENT 'empty: the same' CODEC(ZSTD(1)),
    Sentence String COMMENT 'for people' CODEC(ZSTD(1)),
    Evidence String COMMENT 'JSON' CODEC(ZSTD(1)),
    FirstSeen DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    LastSeen DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    Occurrences UInt64 COMMENT 'zero: no longer so' CODEC(ZSTD(1)),
    RecordedAt DateTime64(6, 'UTC') DEFAULT now64(6) CODEC(Delta(8), ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(RecordedAt)
ORDER BY (TenantId, FindingId, Part, RecordedAt)
SETTINGS
    ttl_only_drop_parts = 1,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

-- What people said of a finding.
CREATE TABLE finding_words
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    FindingId UUID CODEC(ZSTD(1)),
    WordId UUID COMMENT 'version 7: tells the order' CODEC(ZSTD(1)),
    Word LowCardinality(String) COMMENT 'acknowledged' CODEC(ZSTD(1)),
    Reason String CODEC(ZSTD(1)),
    SaidBy String COMMENT 'principal' CODEC(ZSTD(1)),
    SaidAt DateTime64(3, 'UTC') CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(SaidAt)
ORDER BY (TenantId, FindingId, WordId)
SETTINGS
    ttl_only_drop_parts = 1,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE TABLE finding_mutes
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    MuteId UUID COMMENT 'version 7' CODEC(ZSTD(1)),
    Rule String COMMENT 'with * for any characters, as the next two' CODEC(ZSTD(1)),
    PrincipalId String CODEC(ZSTD(1)),
    Target String CODEC(ZSTD(1)),
    Reason String CODEC(ZSTD(1)),
    UntilAt DateTime64(3, 'UTC') COMMENT 'zero: for good' CODEC(ZSTD(1)),
    IsLifted UInt8 COMMENT 'taken back by this row' CODEC(ZSTD(1)),
    SaidBy String CODEC(ZSTD(1)),
    SaidAt DateTime64(3, 'UTC') CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (TenantId, MuteId, IsLifted)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE TABLE finding_rule_settings
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    Rule LowCardinality(String) CODEC(ZSTD(1)),
    SettingId UUID COMMENT 'version 7: tells the order' CODEC(ZSTD(1)),
    Settings String COMMENT 'JSON: those that are not there are as in the file, or by default' CODEC(ZSTD(1)),
    Reason String CODEC(ZSTD(1)),
    SaidBy String CODEC(ZSTD(1)),
    SaidAt DateTime64(3, 'UTC') CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (TenantId, Rule, SettingId)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1;

-- How far each rule has come, and how its last pass went.
CREATE TABLE finding_progress
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    Rule LowCardinality(String) CODEC(ZSTD(1)),
    SinceAt DateTime64(3, 'UTC') COMMENT 'what was received before was never looked at' CODEC(ZSTD(1)),
    DoneTo DateTime64(3, 'UTC') COMMENT 'what was received before was looked at' CODEC(ZSTD(1)),
    LookedAgainAt DateTime64(3, 'UTC') COMMENT 'when the last day was looked at once more' CODEC(ZSTD(1)),
    Found UInt32 CODEC(ZSTD(1)),
    Failure String COMMENT 'empty: none' CODEC(ZSTD(1)),
    Millis UInt32 COMMENT 'that the pass took' CODEC(ZSTD(1)),
    RanAt DateTime64(6, 'UTC') CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(RanAt)
ORDER BY (TenantId, Rule)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1;

-- What was sent to whom. A delivery has an id that follows from what is told to whom; it is `webhook-id`.
CREATE TABLE finding_deliveries
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    Endpoint LowCardinality(String) COMMENT 'name, and a hash of its address' CODEC(ZSTD(1)),
    DeliveryId UUID CODEC(ZSTD(1)),
    FindingId UUID CODEC(ZSTD(1)),
    Event LowCardinality(String) COMMENT 'finding.opened, finding.resolved' CODEC(ZSTD(1)),
    Attempt UInt16 COMMENT 'zero: not tried yet' CODEC(ZSTD(1)),
    Status Enum8('pending' = 0, 'sending' = 1, 'failed' = 2, 'dead' = 3, 'gone' = 4, 'delivered' = 5, 'withheld' = 6) COMMENT 'the greatest of the last attempt counts' CODEC(ZSTD(1)),
    HttpStatus UInt16 COMMENT 'zero: no answer' CODEC(ZSTD(1)),
    Failure String CODEC(ZSTD(1)),
    DueAt DateTime64(3, 'UTC') COMMENT 'when it may be tried, or tried again' CODEC(ZSTD(1)),
    EventAt DateTime64(3, 'UTC') COMMENT 'when it was found, or found to be over' CODEC(ZSTD(1)),
    RecordedAt DateTime64(6, 'UTC') DEFAULT now64(6) CODEC(Delta(8), ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(EventAt)
ORDER BY (TenantId, Endpoint, DeliveryId, Attempt, Status)
SETTINGS
    ttl_only_drop_parts = 1,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

-- What kind of thing each principal has ever done to what kind of target: ids, numbers and addresses in targets aside,
-- so that the ten thousandth account is nothing new. Of footprints, whose keys it keeps.
CREATE TABLE scopes
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    PrincipalId LowCardinality(String) CODEC(ZSTD(1)),
    UnnamedRunId UUID CODEC(ZSTD(1)),
    System LowCardinality(String) CODEC(ZSTD(1)),
    Operation LowCardinality(String) CODEC(ZSTD(1)),
    Shape String CODEC(ZSTD(1)),
    Assurance Enum8('none' = 0, 'asserted' = 1, 'inherited' = 2, 'verified' = 3, 'refuted' = 4) CODEC(ZSTD(1)),
    Actions SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    FirstReceived SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    FirstTarget AggregateFunction(argMin, String, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),

    INDEX idx_first_received FirstReceived TYPE minmax GRANULARITY 1
)
ENGINE = AggregatingMergeTree
ORDER BY (TenantId, PrincipalId, UnnamedRunId, System, Operation, Shape, Assurance)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE MATERIALIZED VIEW scopes_mv TO scopes AS
SELECT
    TenantId,
    PrincipalId,
    UnnamedRunId,
    System,
    Operation,
    concat(
        replaceRegexpOne(
            extract(Target, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*') AS authority,
            '//[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+(:[0-9]+)?$', '//{ip}'),
        replaceRegexpAll(
            replaceRegexpAll(
                replaceRegexpOne(substring(Target, length(authority) + 1), '[?#].*$', ''),
                '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[0-9a-fA-F]{16,}', '{id}'),
            '[0-9]+', '{n}')) AS Shape,
    Assurance,
    sum(footprints.Actions) AS Actions,
    min(footprints.FirstReceived) AS FirstReceived,
    argMinState(if(Example = '', Target, Example), footprints.FirstReceived) AS FirstTarget
FROM footprints
WHERE PrincipalId != '' OR UnnamedRunId != toUUID('00000000-0000-0000-0000-000000000000')
GROUP BY TenantId, PrincipalId, UnnamedRunId, System, Operation, Shape, Assurance;

-- Which numbers of its spans have come from each process (`whence.sequence`): what is missing in between was lost.
CREATE TABLE process_sequences
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    Instance String COMMENT 'service.instance.id' CODEC(ZSTD(1)),
    ReceivedHour DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    Actor SimpleAggregateFunction(anyLast, String) CODEC(ZSTD(1)),
    Numbers AggregateFunction(groupBitmap, UInt32) CODEC(ZSTD(1)),

    INDEX idx_received_hour ReceivedHour TYPE minmax GRANULARITY 1
)
ENGINE = AggregatingMergeTree
ORDER BY (TenantId, ServiceName, Instance, ReceivedHour)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE MATERIALIZED VIEW process_sequences_mv TO process_sequences AS
SELECT
    TenantId,
    ServiceName,
    Instance,
    ReceivedHour,
    anyLast(toString(Actor)) AS Actor,
    groupBitmapState(Number) AS Numbers
FROM (
    SELECT
        TenantId, ServiceName, otel_traces.Actor AS Actor,
        ResourceAttributes['service.instance.id'] AS Instance,
        toStartOfHour(ReceivedAt) AS ReceivedHour,
        toUInt32OrZero(SpanAttributes['whence.sequence']) AS Number
    FROM otel_traces)
WHERE Number > 0 AND Instance != ''
GROUP BY TenantId, ServiceName, Instance, ReceivedHour;

-- Which workloads have ever acted in runs of which job, under which service. Written by the engine of findings, from
-- checked references alone.
CREATE TABLE job_workloads
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    Job LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    Actor LowCardinality(String) CODEC(ZSTD(1)),
    IsOwn UInt8 COMMENT 'the workload that asked for the run' CODEC(ZSTD(1)),
    FirstReceived SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    FirstAction AggregateFunction(argMin, Tuple(UUID, String, String, String), DateTime64(3, 'UTC')) COMMENT 'run, principal, trace, span' CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (TenantId, Job, ServiceName, Actor, IsOwn)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1
