import { newRunId } from '@whence/model';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readersOf } from '../open-readers.ts';
import { openTemporaryStore, type TemporaryStore } from '../temporary-store.fixture.ts';
import type { CredentialFilter, CredentialOrder, CredentialReader } from './credential-reader.ts';

let temporary: TemporaryStore;
let credentials: CredentialReader;

beforeAll(async () => {
  temporary = await openTemporaryStore();
  ({ credentials } = readersOf(temporary.store, 'default'));
});

afterAll(() => temporary?.remove());

beforeEach(() => temporary.clear());

const at = (day: string): string => `2026-${day} 00:00:00.000`;
const millis = (day: string): number => Date.parse(`2026-${day}T00:00:00Z`);
const iso = (day: string): string => `2026-${day}T00:00:00.000Z`;

const row = (subject: string, more: Readonly<Record<string, unknown>> = {}) => ({
  TenantId: 'default',
  CredentialId: `key:${subject}`,
  EntryId: `key:${subject}`,
  Kind: 'key',
  Issuer: 'example.com',
  Subject: subject,
  Fingerprint: `of-${subject}`,
  BatchId: newRunId(),
  RowNumber: 0,
  ReceivedAt: at('06-01'),
  ...more,
});

const used = (subject: string, day: string, more: Readonly<Record<string, unknown>> = {}) =>
  row(subject, {
    Record: 'used',
    Actor: `k8s://prod/${subject}`,
    FirstUsed: at(day),
    LastUsed: at(day),
    Uses: 1,
    Addresses: ['10.0.0.1'],
    ...more,
  });

const told = (
  record: 'declared' | 'withdrawn',
  subject: string,
  day: string,
  more: Readonly<Record<string, unknown>> = {},
) =>
  row(subject, {
    Record: record,
    Actor: `k8s://prod/${subject}`,
    FirstUsed: at(day),
    LastUsed: at(day),
    ...more,
  });

const write = (...values: readonly object[]): Promise<unknown> =>
  temporary.store.client.insert({
    table: 'credential_records',
    values: values as Record<string, unknown>[],
    format: 'JSONEachRow',
  });

const subjects = async (filter: CredentialFilter = {}, order: CredentialOrder = 'idle'): Promise<string[]> =>
  (await credentials.list({ filter, order, limit: 100 })).credentials.map(({ subject }) => subject);

const one = async (id: string) => (await credentials.byId(id, 10))?.credential;

describe('a credential', () => {
  test('is added up over records, whoever wrote them and in whatever order they came', async () => {
    await write(
      used('a', '03-02', { Uses: 3, Spans: 30, Addresses: ['10.0.0.2', '10.0.0.1'], UsesElsewhere: 4 }),
      used('a', '03-01', { Uses: 2, Spans: 20, Fingerprint: 'older' }),
    );
    await write(used('a', '02-01', { Actor: 'k8s://prod/former' }));
    expect(await one('key:a')).toEqual({
      id: 'key:a',
      kind: 'key',
      rule: false,
      issuer: 'example.com',
      subject: 'a',
      fingerprint: 'of-a',
      actors: { items: ['k8s://prod/a', 'k8s://prod/former'], total: 2 },
      knownSince: iso('02-01'),
      firstUsed: iso('02-01'),
      lastUsed: iso('03-02'),
      uses: 6,
      spans: 50,
      addresses: { items: ['10.0.0.2', '10.0.0.1'], total: 2 },
      usesElsewhere: 4,
      issues: { total: 2, newestSince: iso('03-01') },
    });
  });

  test('has as many addresses as there were, of which some are shown', async () => {
    const addresses = Array.from({ length: 25 }, (_, i) => `10.1.0.${i}`);
    await write(
      used('a', '03-01', { Addresses: addresses }),
      used('a', '03-02', { Addresses: ['10.2.0.1'] }),
    );
    const shown = (await one('key:a'))!.addresses;
    expect([shown.total, shown.items.length, shown.items[0]]).toEqual([26, 16, '10.2.0.1']);
  });

  test('of another tenant is not there', async () => {
    await write(
      used('a', '03-01', { TenantId: 'other' }),
      told('declared', 'b', '03-01', { TenantId: 'other' }),
    );
    expect(await subjects()).toEqual([]);
  });
});

describe('an entry of the credentials file', () => {
  test('that nobody used is there, with what was told of it last', async () => {
    await write(
      told('declared', 'a', '01-02', { IssuedAt: at('01-01'), RotateAfter: at('04-01'), Duties: ['sends'] }),
      told('declared', 'a', '01-03', { IssuedAt: at('01-01'), RotateAfter: at('05-01'), Duties: ['reader'] }),
    );
    expect(await one('key:a')).toEqual({
      id: 'key:a',
      kind: 'key',
      rule: false,
      issuer: 'example.com',
      subject: 'a',
      fingerprint: 'of-a',
      actors: { items: [], total: 0 },
      entry: {
        id: 'key:a',
        subject: 'a',
        actor: 'k8s://prod/a',
        duties: ['reader'],
        firstDeclared: iso('01-02'),
        lastDeclared: iso('01-03'),
        rotateAfter: iso('05-01'),
      },
      issuedAt: iso('01-01'),
      knownSince: iso('01-01'),
      uses: 0,
      spans: 0,
      addresses: { items: [], total: 0 },
      usesElsewhere: 0,
    });
  });

  test('that vanished is withdrawn, until it is there again', async () => {
    await write(told('declared', 'a', '01-01'), told('withdrawn', 'a', '02-01'));
    expect((await one('key:a'))?.entry?.withdrawn).toBe(iso('02-01'));
    expect(await subjects({ declared: false })).toEqual(['a']);
    await write(told('declared', 'a', '03-01'));
    expect((await one('key:a'))?.entry).not.toHaveProperty('withdrawn');
    expect(await subjects({ declared: true })).toEqual(['a']);
  });

  test('that stands for many has the uses of all that it recognised', async () => {
    const rule = { EntryId: 'token:rule', Kind: 'token', Fingerprint: '' };
    const token = (n: number) => ({ ...rule, CredentialId: `token:${n}`, Actor: `k8s://prod/${n}` });
    await write(
      told('declared', 'prod:*', '01-01', { ...rule, CredentialId: 'token:rule', Stands: 'many' }),
      used('prod:1', '03-01', token(1)),
      used('prod:2', '03-02', { ...token(2), Addresses: ['10.0.0.2'] }),
    );
    const detail = await credentials.byId('token:rule', 1);
    expect(detail?.credential).toMatchObject({
      rule: true,
      subject: 'prod:*',
      uses: 2,
      actors: { items: ['k8s://prod/1', 'k8s://prod/2'], total: 2 },
      addresses: { total: 2 },
      firstUsed: iso('03-01'),
      lastUsed: iso('03-02'),
    });
    expect(detail?.recognised).toEqual({ items: ['token:2'], total: 2 });
    expect((await one('token:1'))?.entry).toMatchObject({ id: 'token:rule', subject: 'prod:*' });
    expect(await subjects({ actors: ['k8s://prod/1'] })).toEqual(['prod:1', 'prod:*']);
  });
});

describe('the list', () => {
  beforeEach(() =>
    write(
      told('declared', 'never', '01-20', { RotateAfter: at('03-01') }),
      used('new', '05-01', { IssuedAt: at('04-01'), ExpiresAt: at('06-01') }),
      used('old', '04-01', { IssuedAt: at('01-01'), ExpiresAt: at('04-02') }),
      used('forgotten', '02-01', { Kind: 'certificate', CredentialId: 'certificate:f' }),
    ),
  );

  test.each<[CredentialOrder, readonly string[]]>([
    ['idle', ['never', 'forgotten', 'old', 'new']],
    ['recent', ['new', 'old', 'forgotten', 'never']],
    ['oldest', ['old', 'never', 'forgotten', 'new']],
  ])('is in the order %s, page by page', async (order, expected) => {
    expect(await subjects({}, order)).toEqual(expected);
    const first = await credentials.list({ filter: {}, order, limit: 3 });
    expect(first.credentials.map(({ subject }) => subject)).toEqual(expected.slice(0, 3));
    const rest = await credentials.list({ filter: {}, order, limit: 3, after: first.next! });
    expect([rest.credentials.map(({ subject }) => subject), rest.next]).toEqual([[expected[3]], undefined]);
  });

  test.each<[CredentialFilter, readonly string[]]>([
    [{ kind: 'certificate' }, ['forgotten']],
    [{ actors: ['k8s://prod/old', 'k8s://prod/never'] }, ['never', 'old']],
    [{ actors: [] }, []],
    [{ unusedSinceMillis: millis('04-01') }, ['never', 'forgotten']],
    [{ unusedSinceMillis: millis('01-20') }, []],
    [{ issuedBeforeMillis: millis('01-21') }, ['never', 'old']],
    [{ endsBeforeMillis: millis('05-01') }, ['old']],
    [{ lastsUntilMillis: millis('05-01') }, ['never', 'forgotten', 'new']],
    [{ rotateBeforeMillis: millis('03-02') }, ['never']],
    [{ rotateBeforeMillis: millis('02-28') }, []],
    [{ used: false }, ['never']],
    [{ used: true, issuedBeforeMillis: millis('02-01') }, ['old']],
    [{ declared: true }, ['never']],
  ])('filtered by %j', async (filter, expected) => {
    expect(await subjects(filter)).toEqual(expected);
  });
});
