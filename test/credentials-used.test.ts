import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newKey } from '@whence/identity';
import { type CredentialSummary, openStore, type Readers, readersOf } from '@whence/store';
import { beforeAll, describe, expect, it } from 'vitest';
import { newAuthority } from './stage/certificates.ts';
import { type CollectorOptions, type CollectorProcess, startCollector } from './stage/collector-process.ts';
import { bearer } from './stage/credentials-file.ts';
import { eventually } from './stage/eventually.ts';
import { exportOverGrpc } from './stage/grpc-call.ts';
import { askIssuer } from './stage/issuer-client.ts';
import { drained } from './stage/ledger.ts';
import { newSpan, newSpans, protobufOf, requestWith } from './stage/otlp-request.ts';
import { exchange, postProtobuf } from './stage/post.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';
import { takeDown, temporaryDirectory } from './stage/take-down.ts';
import { startTokenIssuer, type TokenIssuer } from './stage/token-issuer.ts';

const MAIL = 'spiffe://acme.internal/ns/prod/sa/mail';
const scheduler = newKey('scheduler');
const authority = newAuthority('acme');

let store: StoreProcess;
let database: string;
let issuer: TokenIssuer;
beforeAll(async () => {
  [store, issuer] = [await startStore(), await startTokenIssuer()];
});

const KEY = { id: 'scheduler', hash: scheduler.hash, actor: 'k8s://prod/scheduler', created: '2026-01-02' };
const NEVER = {
  id: 'never',
  hash: newKey('never').hash,
  actor: 'k8s://prod/never',
  rotateAfter: '2026-02-01',
};

const fileOf = (keys: readonly object[] = [KEY, NEVER]): string =>
  JSON.stringify({
    trustDomain: 'acme.internal',
    keys,
    issuers: [
      {
        issuer: issuer.url,
        audience: 'whence',
        workloads: [{ subject: 'system:serviceaccount:prod:*', actor: 'k8s://prod/{sub}' }],
      },
    ],
    certificates: [{ san: MAIL }],
  });

const writeFile = (text = fileOf()): string => {
  const path = join(temporaryDirectory(), 'whence.yaml');
  writeFileSync(path, text);
  return path;
};

/** @param everyMillis how often uses are written down */
const start = (options: CollectorOptions = {}, everyMillis = 100): Promise<CollectorProcess> =>
  startCollector({
    storeUrl: store.url,
    database,
    credentialsPath: writeFile(),
    ...options,
    environment: { WHENCE_CREDENTIAL_USES_MILLIS: String(everyMillis), ...options.environment },
  });

const opened = new Map<string, Readers>();
const readers = async (): Promise<Readers['credentials']> => {
  let known = opened.get(database);
  if (known === undefined) {
    const connection = await openStore({ url: store.url, database });
    takeDown(() => connection.close());
    known = readersOf(connection, 'default');
    opened.set(database, known);
  }
  return known.credentials;
};

const list = async (): Promise<readonly CredentialSummary[]> =>
  (await (await readers()).list({ filter: {}, order: 'idle', limit: 1000 })).credentials;

const credential = async (
  subject: string,
  uses: number,
  suits: (each: CredentialSummary) => boolean = () => true,
): Promise<CredentialSummary> =>
  eventually(
    async () => (await list()).find((each) => each.subject === subject && each.uses === uses && suits(each)),
    { otherwise: () => `no ${uses} uses of ${subject}` },
  ) as Promise<CredentialSummary>;

const send = async (url: string, spans = 1, token = scheduler.key): Promise<void> => {
  expect((await postProtobuf(url, newSpans(spans), bearer(token))).status).toBe(200);
};

describe('the record of credentials', () => {
  beforeAll(() => {
    database = store.newDatabase();
  });

  it('has keys, with requests and spans over each protocol, and since when and from where', async () => {
    const collector = await start();
    const before = Date.now();
    await send(collector.url, 3);
    expect(await exportOverGrpc(collector.grpcAddress!, [newSpan()], bearer(scheduler.key))).toMatchObject({
      code: 0,
    });
    expect((await askIssuer(collector.url, scheduler.key, '/v1/runs', { job: 'x' })).status).toBe(403);
    // What the file lists is written down by itself, before or after the first use.
    const used = await credential('scheduler', 3, ({ entry }) => entry !== undefined);
    expect(used).toMatchObject({
      id: 'key:scheduler',
      kind: 'key',
      rule: false,
      issuer: 'acme.internal',
      fingerprint: scheduler.hash.slice('sha256:'.length).slice(0, 16),
      actors: { items: [KEY.actor], total: 1 },
      spans: 4,
      issuedAt: '2026-01-02T00:00:00.000Z',
      knownSince: '2026-01-02T00:00:00.000Z',
      addresses: { items: ['127.0.0.1'], total: 1 },
      usesElsewhere: 0,
      issues: { total: 1 },
      entry: { id: 'key:scheduler', duties: ['sends'] },
    });
    expect(used.entry?.withdrawn).toBeUndefined();
    expect(Date.parse(used.firstUsed!)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(used.lastUsed!)).toBeLessThanOrEqual(Date.now());
    await collector.stop();
  });

  it('has what the file lists and nobody used', async () => {
    const unused = (await list()).filter(({ uses }) => uses === 0);
    expect(unused.map(({ subject, rule }) => [subject, rule]).sort()).toEqual([
      ['never', false],
      [MAIL, false],
      ['system:serviceaccount:prod:*', true],
    ]);
    const never = unused.find(({ subject }) => subject === 'never');
    expect(never).toMatchObject({
      id: 'key:never',
      kind: 'key',
      actors: { items: [], total: 0 },
      entry: { actor: NEVER.actor, rotateAfter: '2026-02-01T00:00:00.000Z' },
      spans: 0,
    });
    expect(never).not.toHaveProperty('lastUsed');
  });

  it('has tokens of one subject as one, under the rule that recognised them, and no token', async () => {
    const collector = await start();
    const subject = 'system:serviceaccount:prod:billing';
    const iat = Math.floor(Date.now() / 1000) - 60;
    const tokens = [1, 2, 3].map((n) => issuer.token(subject, { jti: `secret-id-${n}`, iat: iat + n }));
    for (const token of tokens) await send(collector.url, 1, token);
    const used = await credential(subject, 3);
    expect(used).toMatchObject({
      kind: 'token',
      issuer: issuer.url,
      rule: false,
      actors: { items: [`k8s://prod/${subject}`], total: 1 },
      issuedAt: new Date((iat + 3) * 1000).toISOString(),
      expiresAt: expect.any(String),
      entry: { subject: 'system:serviceaccount:prod:*' },
    });
    expect(used).not.toHaveProperty('issues');
    const rule = await credential('system:serviceaccount:prod:*', 3);
    expect(rule).toMatchObject({ rule: true, id: used.entry?.id, spans: 3, lastUsed: used.lastUsed });
    expect((await (await readers()).byId(rule.id, 10))?.recognised).toEqual({ items: [used.id], total: 1 });
    const all = await store.bytes(database, 'SELECT * FROM credential_records FORMAT JSONEachRow');
    for (const secret of ['secret-id', ...tokens.map((token) => token.split('.')[2]!)]) {
      expect(all.includes(secret)).toBe(false);
    }
    await collector.stop();
  });

  it('has certificates by their name, and each issue of one by its thumbprint', async () => {
    const directory = temporaryDirectory();
    const server = authority.issue({ names: ['IP:127.0.0.1'], purpose: 'server' });
    const pathOf = (name: string, text: string): string => {
      writeFileSync(join(directory, name), text);
      return join(directory, name);
    };
    const collector = await start({
      environment: {
        WHENCE_TLS_CERT: pathOf('server.pem', server.cert),
        WHENCE_TLS_KEY: pathOf('server.key', server.key),
        WHENCE_TLS_CLIENT_CA: pathOf('ca.pem', authority.cert),
      },
    });
    for (const client of [1, 2].map(() => authority.issue({ names: [`URI:${MAIL}`], purpose: 'client' }))) {
      const tls = { ca: authority.cert, ...client };
      expect(await exportOverGrpc(collector.grpcAddress!, [newSpan()], {}, tls)).toMatchObject({ code: 0 });
      const body = protobufOf(requestWith([newSpan()]));
      const headers = { 'content-type': 'application/x-protobuf' };
      expect((await exchange(`${collector.url}/v1/traces`, { headers, body, tls })).status).toBe(200);
    }
    const used = await credential(MAIL, 4);
    expect(used).toMatchObject({
      kind: 'certificate',
      issuer: 'CN=acme',
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      issuedAt: expect.any(String),
      expiresAt: expect.any(String),
      issues: { total: 2 },
      entry: { id: used.id },
    });
    const detail = await (await readers()).byId(used.id, 1);
    expect(detail?.issues).toMatchObject({ total: 2, items: [{ fingerprint: used.fingerprint, uses: 2 }] });
    await collector.stop();
  });

  it('is of one tenant', async () => {
    const connection = await openStore({ url: store.url, database });
    const { credentials } = readersOf(connection, 'acme');
    expect(await credentials.list({ filter: {}, order: 'idle', limit: 10 })).toEqual({
      credentials: [],
      left: 0,
    });
    expect(await credentials.byId('key:scheduler', 10)).toBeUndefined();
    await connection.close();
  });
});

describe('a key that is replaced, taken out, and put back', () => {
  it('is told, on reload and over a new start', async () => {
    database = store.newDatabase();
    const credentialsPath = writeFile(fileOf([KEY, NEVER]));
    const collector = await start({ credentialsPath });
    await send(collector.url);
    await credential('scheduler', 1);
    const next = newKey('scheduler');
    const reload = async (text: string): Promise<void> => {
      const before = collector.printed().split('taken up anew').length;
      writeFileSync(credentialsPath, text);
      process.kill(collector.pid, 'SIGHUP');
      await eventually(() => collector.printed().split('taken up anew').length > before);
    };
    await reload(fileOf([{ ...KEY, hash: next.hash }]));
    await send(collector.url, 1, next.key);
    expect(await credential('scheduler', 2)).toMatchObject({ issues: { total: 2 } });
    const withdrawn = await eventually(async () =>
      (await list()).find(({ subject, entry }) => subject === 'never' && entry?.withdrawn !== undefined),
    );
    expect(withdrawn).toMatchObject({ entry: { withdrawn: expect.any(String) }, uses: 0 });
    await collector.stop();

    writeFileSync(credentialsPath, fileOf([NEVER]));
    const again = await start({ credentialsPath, dataDirectory: collector.dataDirectory });
    await drained(again.url);
    const declared = async (): Promise<object> =>
      Object.fromEntries(
        (await list())
          .filter(({ kind }) => kind === 'key')
          .map(({ subject, entry }) => [subject, entry?.withdrawn === undefined]),
      );
    await eventually(async () => JSON.stringify(await declared()) === '{"never":true,"scheduler":false}');
    const { credentials } = await (await readers()).list({
      filter: { declared: false },
      order: 'idle',
      limit: 10,
    });
    expect(credentials.map(({ subject }) => subject)).toEqual(['scheduler']);
    await again.stop();
  });
});

describe('each use is counted once', () => {
  beforeAll(() => {
    database = store.newDatabase();
  });

  it('by two collectors, with the store away, over a stop and a start', async () => {
    const [one, other] = [await start({}, 60_000), await start()];
    await Promise.all([send(one.url, 2), send(one.url, 2), send(other.url, 5)]);
    await drained(other.url);
    await store.kill();
    await Promise.all([send(one.url), send(other.url)]);
    // What is counted is on disk before the process ends, and in the store when there is one again.
    await Promise.all([one.stop(), other.stop()]);
    await store.restart();
    const again = await Promise.all([
      start({ dataDirectory: one.dataDirectory }),
      start({ dataDirectory: other.dataDirectory }),
    ]);
    await Promise.all(again.map(({ url }) => drained(url)));
    expect(await credential('scheduler', 5)).toMatchObject({ spans: 11 });
    await Promise.all(again.map((each) => each.stop()));
  });

  it('where the collector is killed: but for what was counted since the last record', async () => {
    const collector = await start({}, 300);
    const usesBefore = (await credential('scheduler', 5)).uses;
    let sent = 0;
    const until = Date.now() + 2_000;
    while (Date.now() < until) {
      await send(collector.url);
      sent += 1;
    }
    const killed = Date.now();
    await collector.kill();
    const again = await start({ dataDirectory: collector.dataDirectory }, 60_000);
    await drained(again.url);
    const { uses, spans, lastUsed } = (await list()).find(({ subject }) => subject === 'scheduler')!;
    expect(uses).toBeLessThanOrEqual(usesBefore + sent);
    expect(uses).toBeGreaterThan(usesBefore);
    expect(killed - Date.parse(lastUsed!)).toBeLessThan(2_000);
    // A record may fall between a request and the count of its spans.
    expect(Math.abs(spans - 11 - (uses - usesBefore))).toBeLessThanOrEqual(1);
    await again.stop();
  });
});
