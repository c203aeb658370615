import type { RowTable } from './columns.ts';

/** Row order of `credential_records`. */
export const CREDENTIAL_RECORDS: RowTable = {
  name: 'credential_records',
  columns: [
    { name: 'TenantId', type: 'LowCardinality(String)' },
    { name: 'Record', type: "Enum8('used' = 0, 'declared' = 1, 'withdrawn' = 2)" },
    { name: 'CredentialId', type: 'String' },
    { name: 'EntryId', type: 'String' },
    { name: 'Stands', type: "Enum8('one' = 0, 'many' = 1)" },
    { name: 'Kind', type: 'LowCardinality(String)' },
    { name: 'Actor', type: 'LowCardinality(String)' },
    { name: 'Issuer', type: 'LowCardinality(String)' },
    { name: 'Subject', type: 'String' },
    { name: 'Fingerprint', type: 'String' },
    { name: 'Duties', type: 'Array(LowCardinality(String))' },
    { name: 'IssuedAt', type: "DateTime64(3, 'UTC')" },
    { name: 'ExpiresAt', type: "DateTime64(3, 'UTC')" },
    { name: 'RotateAfter', type: "DateTime64(3, 'UTC')" },
    { name: 'FirstUsed', type: "DateTime64(3, 'UTC')" },
    { name: 'LastUsed', type: "DateTime64(3, 'UTC')" },
    { name: 'Uses', type: 'UInt64' },
    { name: 'Spans', type: 'UInt64' },
    { name: 'Addresses', type: 'Array(String)' },
    { name: 'UsesElsewhere', type: 'UInt64' },
    { name: 'Service', type: 'LowCardinality(String)' },
    { name: 'Host', type: 'LowCardinality(String)' },
    { name: 'ReceivedAt', type: "DateTime64(3, 'UTC')" },
    { name: 'BatchId', type: 'UUID' },
    { name: 'RowNumber', type: 'UInt32' },
  ],
};
