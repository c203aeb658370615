import { newRunId, type Run } from '@whence/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AskedService, startAskedService } from '../asked-service.fixture.ts';
import { insertGraph, newRun } from '../lineage/graph.fixture.ts';

const DEPLOY = 'github://demo/app/deploy';
const SCHEDULER = 'k8s://demo/apps/scheduler';

let asked: AskedService;

const startedBy = (actor: string, more: Partial<Run> = {}): Run =>
  newRun({ principal: { id: DEPLOY, kind: 'ci_runner' }, actor, ...more });

const told = (id: string, more: Readonly<Record<string, unknown>>) => ({
  TenantId: 'default',
  CredentialId: id,
  EntryId: id,
  Kind: id.slice(0, id.indexOf(':')),
  Issuer: 'demo.example',
  Subject: `subject of ${id}`,
  Fingerprint: '5e884898da280471',
  IssuedAt: '2026-01-01 00:00:00.000',
  FirstUsed: '2026-03-01 03:14:07.000',
  LastUsed: '2026-03-01 03:14:09.000',
  BatchId: newRunId(),
  ReceivedAt: '2026-03-01 03:15:00.000',
  ...more,
});

const used = { Record: 'used', Uses: 2, Spans: 6, Addresses: ['10.0.0.7'] };
const REPLACED = { RotateAfter: '2026-02-01 00:00:00.000', Actor: SCHEDULER };

beforeAll(async () => {
  asked = await startAskedService();
  await insertGraph(asked.temporary.store, {
    spans: [],
    runs: [
      startedBy(SCHEDULER),
      startedBy('k8s://demo/apps/operator'),
      startedBy('k8s://demo/apps/mallory', { assurance: 'asserted' }),
      newRun({ principal: { id: 'user:ada@example.com', kind: 'human' }, actor: 'k8s://demo/apps/other' }),
    ],
  });
  await asked.temporary.store.client.insert({
    table: 'credential_records',
    format: 'JSONEachRow',
    values: [
      told('key:scheduler', { Record: 'declared', ...REPLACED }),
      told('key:scheduler', { ...used, Actor: SCHEDULER }),
      told('key:gone', { Record: 'declared', Actor: 'k8s://demo/apps/operator' }),
      told('key:gone', {
        Record: 'withdrawn',
        Actor: 'k8s://demo/apps/operator',
        LastUsed: '2026-03-02 00:00:00.000',
      }),
      told('token:rule', { Record: 'declared', Stands: 'many', Actor: 'github://{repository}/deploy' }),
      told('token:deploy', {
        ...used,
        EntryId: 'token:rule',
        Actor: DEPLOY,
        LastUsed: '2026-03-01 04:00:00.000',
        ExpiresAt: '2026-03-01 04:05:00.000',
      }),
      told('key:mallory', { ...used, Actor: 'k8s://demo/apps/mallory' }),
      told('key:other', { ...used, Actor: 'k8s://demo/apps/other' }),
      told('key:scheduler', { ...used, TenantId: 'other', Actor: DEPLOY, Uses: 9 }),
    ],
  });
});

afterAll(() => asked?.remove());

// biome-ignore lint/suspicious/noExplicitAny: looked into by the tests
const credentials = async (query = ''): Promise<any> =>
  // biome-ignore lint/suspicious/noExplicitAny: the same
  (await asked.get<any>(`/v1/principals/${encodeURIComponent(DEPLOY)}${query}`)).body.credentials;

describe('the credentials of a principal', () => {
  test('are its own, and of who had its runs started: not of who only claims that, nor rules for many', async () => {
    expect(await credentials()).toEqual({
      total: 3,
      items: [
        {
          id: 'token:deploy',
          kind: 'token',
          actors: { items: [DEPLOY], total: 1 },
          uses: 2,
          issuedAt: '2026-01-01T00:00:00.000Z',
          expiresAt: '2026-03-01T04:05:00.000Z',
          knownSince: '2026-01-01T00:00:00.000Z',
          lastUsed: '2026-03-01T04:00:00.000Z',
          ageSeconds: expect.any(Number),
          idleSeconds: expect.any(Number),
          ...{ dormant: true, expired: true, overdue: false },
        },
        expect.objectContaining({
          id: 'key:scheduler',
          ...{ expired: false, overdue: true, rotateAfter: '2026-02-01T00:00:00.000Z' },
          issues: { total: 1, newestSince: '2026-03-01T03:14:07.000Z' },
        }),
        expect.objectContaining({ id: 'key:gone', uses: 0, withdrawn: '2026-03-02T00:00:00.000Z' }),
      ],
    });
  });

  test('are cut, and say how many there are; dormant is what is asked for', async () => {
    const cut = await credentials('?limit=1&dormant=36500');
    expect(cut).toMatchObject({ total: 3, items: [{ id: 'token:deploy', dormant: false }] });
    expect(cut.items).toHaveLength(1);
  });
});
