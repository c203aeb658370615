import { newRunId } from '@whence/model';
import type { Store } from '@whence/store';

/** The key that the examples in `/openapi.json` ask for: declared, and used once. */
export const insertExampleCredentials = async ({ client }: Store): Promise<void> => {
  const told = {
    TenantId: 'default',
    CredentialId: 'key:scheduler',
    EntryId: 'key:scheduler',
    Kind: 'key',
    Actor: 'k8s://demo/apps/scheduler',
    Issuer: 'demo.example',
    Subject: 'scheduler',
    Fingerprint: '5e884898da280471',
    IssuedAt: '2026-01-01 00:00:00.000',
    FirstUsed: '2026-03-01 03:14:07.000',
    LastUsed: '2026-03-01 03:14:09.000',
    BatchId: newRunId(),
    ReceivedAt: '2026-03-01 03:15:00.000',
  };
  await client.insert({
    table: 'credential_records',
    format: 'JSONEachRow',
    values: [
      { ...told, Record: 'declared', Duties: ['sends'], RowNumber: 0 },
      { ...told, Record: 'used', Uses: 2, Spans: 6, Addresses: ['10.0.0.7'], RowNumber: 1 },
    ],
  });
};
