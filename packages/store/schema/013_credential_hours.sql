-- From how many addresses, and networks, each credential was used in an hour of receipt: what tells one that is used
-- as ever from one that came into other hands. A network is a /24, of IPv6 a /64: addresses that rotate within one are one.
CREATE TABLE credential_hours
(
    TenantId LowCardinality(String) CODEC(ZSTD(1)),
    Hour DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    CredentialId String CODEC(ZSTD(1)),
    Kind LowCardinality(String) CODEC(ZSTD(1)),
    Actor LowCardinality(String) CODEC(ZSTD(1)),
    Uses SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    UsesElsewhere SimpleAggregateFunction(sum, UInt64) COMMENT 'from addresses that were too many to list' CODEC(ZSTD(1)),
    FirstUsed SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    LastUsed SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    Addresses AggregateFunction(uniqCombinedArray(12), Array(String)) COMMENT 'exact for a few, within 2 % for many' CODEC(ZSTD(1)),
    SomeAddresses SimpleAggregateFunction(groupUniqArrayArray(16), Array(String)) CODEC(ZSTD(1)),
    Networks AggregateFunction(uniqCombinedArray(12), Array(String)) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(Hour)
ORDER BY (TenantId, Hour, CredentialId, Kind, Actor)
SETTINGS
    ttl_only_drop_parts = 1,
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE MATERIALIZED VIEW credential_hours_mv TO credential_hours AS
SELECT
    TenantId,
    toStartOfHour(ReceivedAt) AS Hour,
    CredentialId, Kind, Actor,
    sum(credential_records.Uses) AS Uses,
    sum(credential_records.UsesElsewhere) AS UsesElsewhere,
    min(credential_records.FirstUsed) AS FirstUsed,
    max(credential_records.LastUsed) AS LastUsed,
    uniqCombinedArrayState(12)(Plain) AS Addresses,
    groupUniqArrayArray(16)(Plain) AS SomeAddresses,
    uniqCombinedArrayState(12)(arrayMap(
        address -> multiIf(
            isIPv4String(address), toString(IPv4CIDRToRange(toIPv4OrDefault(address), 24).1),
            isIPv6String(address), toString(IPv6CIDRToRange(toIPv6OrDefault(address), 64).1),
            address),
        Plain)) AS Networks
FROM (
    SELECT *, arrayMap(address -> replaceRegexpOne(address, '^::ffff:([0-9.]+)$', '\\1'), credential_records.Addresses) AS Plain
    FROM credential_records WHERE Record = 'used') AS credential_records
GROUP BY TenantId, Hour, CredentialId, Kind, Actor;
