-- By which credentials senders and askers came: what was counted of each within a minute or so, and what the credentials
-- file lists. A row is never rewritten. No secret and nothing that could be presented is in it.
CREATE TABLE credential_records
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    Record Enum8('used' = 0, 'declared' = 1, 'withdrawn' = 2) CODEC(ZSTD(1)),
    CredentialId String COMMENT 'the same over renewals: key:…, token:…, certificate:…' CODEC(ZSTD(1)),
    EntryId String COMMENT 'entry of the credentials file that recognises it' CODEC(ZSTD(1)),
    Stands Enum8('one' = 0, 'many' = 1) COMMENT 'of an entry: a credential, or a rule for many' CODEC(ZSTD(1)),
    Kind LowCardinality(String) COMMENT 'key, token, certificate' CODEC(ZSTD(1)),
    Actor LowCardinality(String) COMMENT 'of a rule: with {claims} in it' CODEC(ZSTD(1)),
    Issuer LowCardinality(String) CODEC(ZSTD(1)),
    Subject String CODEC(ZSTD(1)),
    Fingerprint String COMMENT 'which issue of it, of tokens the newest' CODEC(ZSTD(1)),
    Duties Array(LowCardinality(String)) COMMENT 'of an entry: sends, and the role' CODEC(ZSTD(1)),
    IssuedAt DateTime64(3, 'UTC') COMMENT 'zero: not known' CODEC(ZSTD(1)),
    ExpiresAt DateTime64(3, 'UTC') COMMENT 'zero: never, or not known' CODEC(ZSTD(1)),
    RotateAfter DateTime64(3, 'UTC') COMMENT 'of an entry (zero: not said)' CODEC(ZSTD(1)),
    FirstUsed DateTime64(3, 'UTC') COMMENT 'within this record, of an entry when the file was read' CODEC(Delta(8), ZSTD(1)),
    LastUsed DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    Uses UInt64 COMMENT 'requests' CODEC(ZSTD(1)),
    Spans UInt64 COMMENT 'accepted with them' CODEC(ZSTD(1)),
    Addresses Array(String) COMMENT 'that they came from' CODEC(ZSTD(1)),
    UsesElsewhere UInt64 COMMENT 'from further addresses, which were too many to list' CODEC(ZSTD(1)),
    Service LowCardinality(String) COMMENT 'that tells of it' CODEC(ZSTD(1)),
    Host LowCardinality(String) COMMENT 'on which that runs' CODEC(ZSTD(1)),
    BatchId UUID CODEC(ZSTD(1)),
    RowNumber UInt32 CODEC(ZSTD(1)),
    ReceivedAt DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),

    INDEX idx_batch_id BatchId TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ReceivedAt)
ORDER BY (TenantId, CredentialId, LastUsed)
SETTINGS
    ttl_only_drop_parts = 1,
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

-- Every credential that was ever used, by the entry that recognised it and the workload that it was taken for.
CREATE TABLE credentials
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    CredentialId String CODEC(ZSTD(1)),
    EntryId String CODEC(ZSTD(1)),
    Kind LowCardinality(String) CODEC(ZSTD(1)),
    Actor LowCardinality(String) CODEC(ZSTD(1)),
    IssuedAt SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'of the newest issue' CODEC(ZSTD(1)),
    ExpiresAt SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'of the one that lasts longest' CODEC(ZSTD(1)),
    FirstUsed SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    LastUsed SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    Uses SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    Spans SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    UsesElsewhere SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    AddressCount AggregateFunction(uniqCombinedArray(12), Array(String)) COMMENT 'exact for a few, within 2 % for many' CODEC(ZSTD(1)),
    SomeAddresses SimpleAggregateFunction(groupUniqArrayArray(16), Array(String)) CODEC(ZSTD(1)),
    Newest AggregateFunction(argMax, Tuple(String, String, String, Array(String)), DateTime64(3, 'UTC')) COMMENT 'Issuer, Subject, Fingerprint, Addresses' CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (TenantId, CredentialId, EntryId, Kind, Actor)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE MATERIALIZED VIEW credentials_mv TO credentials AS
SELECT
    TenantId, CredentialId, EntryId, Kind, Actor,
    max(credential_records.IssuedAt) AS IssuedAt,
    max(credential_records.ExpiresAt) AS ExpiresAt,
    min(credential_records.FirstUsed) AS FirstUsed,
    max(credential_records.LastUsed) AS LastUsed,
    sum(credential_records.Uses) AS Uses,
    sum(credential_records.Spans) AS Spans,
    sum(credential_records.UsesElsewhere) AS UsesElsewhere,
    uniqCombinedArrayState(12)(Addresses) AS AddressCount,
    groupUniqArrayArray(16)(Addresses) AS SomeAddresses,
    argMaxState((toString(Issuer), Subject, Fingerprint, Addresses), credential_records.LastUsed) AS Newest
FROM credential_records
WHERE Record = 'used'
GROUP BY TenantId, CredentialId, EntryId, Kind, Actor;

-- Each issue of a key or certificate, to tell when it was replaced. Of tokens there are too many: they live for minutes.
CREATE TABLE credential_issues
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    CredentialId String CODEC(ZSTD(1)),
    Fingerprint String CODEC(ZSTD(1)),
    IssuedAt SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    ExpiresAt SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    FirstUsed SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    LastUsed SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    Uses SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (TenantId, CredentialId, Fingerprint)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE MATERIALIZED VIEW credential_issues_mv TO credential_issues AS
SELECT
    TenantId, CredentialId, Fingerprint,
    max(credential_records.IssuedAt) AS IssuedAt,
    max(credential_records.ExpiresAt) AS ExpiresAt,
    min(credential_records.FirstUsed) AS FirstUsed,
    max(credential_records.LastUsed) AS LastUsed,
    sum(credential_records.Uses) AS Uses
FROM credential_records
WHERE Record = 'used' AND Kind != 'token'
GROUP BY TenantId, CredentialId, Fingerprint;

-- What credentials files list, and listed: what was told last counts.
CREATE TABLE credential_entries
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    EntryId String CODEC(ZSTD(1)),
    FirstDeclared SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    LastTold SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    Newest AggregateFunction(argMax, Tuple(String, String, String, String, String, String, String, DateTime64(3, 'UTC'), DateTime64(3, 'UTC'), Array(String)), DateTime64(3, 'UTC')) COMMENT 'Record, Stands, Kind, Actor, Issuer, Subject, Fingerprint, IssuedAt, RotateAfter, Duties' CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (TenantId, EntryId)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE MATERIALIZED VIEW credential_entries_mv TO credential_entries AS
SELECT
    TenantId, EntryId,
    min(FirstUsed) AS FirstDeclared,
    max(LastUsed) AS LastTold,
    argMaxState((
        toString(Record), toString(Stands), toString(Kind), toString(Actor), toString(Issuer), Subject, Fingerprint,
        IssuedAt, RotateAfter, arrayMap(duty -> toString(duty), Duties)), LastUsed) AS Newest
FROM credential_records
WHERE Record != 'used'
GROUP BY TenantId, EntryId
