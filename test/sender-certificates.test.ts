import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTls, type SecureContextOptions } from 'node:tls';
import { newKey } from '@whence/identity';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Certificate, newAuthority } from './stage/certificates.ts';
import { type CollectorProcess, collectorThatEnds, startCollector } from './stage/collector-process.ts';
import { bearer } from './stage/credentials-file.ts';
import { eventually } from './stage/eventually.ts';
import { exportOverGrpc, type GrpcAnswer } from './stage/grpc-call.ts';
import { newSpan, type OtlpSpan, protobufOf, requestWith } from './stage/otlp-request.ts';
import { type Answer, exchange } from './stage/post.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';
import { temporaryDirectory } from './stage/take-down.ts';

const UNAUTHENTICATED = 16;
const BILLING = 'spiffe://acme.internal/ns/prod/sa/billing';

const authority = newAuthority('acme');
const stranger = newAuthority('stranger');
/** Says that it is the authority, and has another key. */
const impostor = newAuthority('acme');
const scheduler = newKey('scheduler');
const directory = temporaryDirectory();
const pathOf = (name: string): string => join(directory, name);

let store: StoreProcess;
let database: string;
let collector: CollectorProcess;

const showServer = ({ cert, key }: Certificate): void => {
  writeFileSync(pathOf('server.key'), key);
  writeFileSync(pathOf('server.pem'), cert);
};
const newServer = (): Certificate => authority.issue({ names: ['IP:127.0.0.1'], purpose: 'server' });

const TLS = {
  WHENCE_TLS_CERT: pathOf('server.pem'),
  WHENCE_TLS_KEY: pathOf('server.key'),
  WHENCE_TLS_CLIENT_CA: pathOf('ca.pem'),
};

beforeAll(async () => {
  showServer(newServer());
  writeFileSync(pathOf('ca.pem'), authority.cert);
  writeFileSync(
    pathOf('whence.yaml'),
    `
trustDomain: acme.internal
keys:
  - { id: scheduler, hash: '${scheduler.hash}', actor: 'k8s://prod/scheduler' }
certificates:
  - san: spiffe://acme.internal/ns/prod/sa/*
    tenant: acme
    grants:
      - principal: { id: 'k8s://prod/jobs/nightly', kind: scheduler }
  - san: '*.db.acme.internal'
    actor: dns:{san}
    witness: gateway
`,
  );
  store = await startStore();
  database = store.newDatabase();
  collector = await startCollector({
    storeUrl: store.url,
    database,
    credentialsPath: pathOf('whence.yaml'),
    environment: TLS,
  });
});

const post = (
  spans: readonly OtlpSpan[],
  client?: Certificate,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  exchange(`${collector.url}/v1/traces`, {
    headers: { 'content-type': 'application/x-protobuf', ...headers },
    body: protobufOf(requestWith(spans)),
    tls: { ca: authority.cert, ...client },
  });

const call = (
  spans: readonly OtlpSpan[],
  client?: Certificate,
  headers: Readonly<Record<string, string>> = {},
): Promise<GrpcAnswer> =>
  exportOverGrpc(collector.grpcAddress!, spans, headers, { ca: authority.cert, ...client });

const storedSender = ({ spanId }: OtlpSpan): Promise<object> =>
  eventually(
    async () =>
      (
        await store.rows<object>(
          database,
          `SELECT Actor, TenantId, toString(Witness) AS Witness FROM otel_traces WHERE SpanId = '${spanId}'`,
        )
      )[0],
  );

describe('a client certificate', () => {
  it.each([
    [[`URI:${BILLING}`], { Actor: BILLING, TenantId: 'acme', Witness: 'sdk' }],
    [
      ['IP:127.0.0.1', 'DNS:pg-1.db.acme.internal'],
      { Actor: 'dns:pg-1.db.acme.internal', TenantId: 'default', Witness: 'gateway' },
    ],
  ])('of %j says who sends, over HTTP and gRPC', async (names, sender) => {
    const client = authority.issue({ names, purpose: 'client' });
    const [http, grpc] = [newSpan(), newSpan()];
    expect((await post([http], client)).status).toBe(200);
    expect(await call([grpc], client)).toMatchObject({ code: 0 });
    expect(await storedSender(http)).toEqual(sender);
    expect(await storedSender(grpc)).toEqual(sender);
  });

  it('starts runs', async () => {
    const { status, body } = await exchange(`${collector.url}/v1/runs`, {
      headers: { 'content-type': 'application/json' },
      body: Buffer.from('{"job":"nightly"}'),
      tls: { ca: authority.cert, ...authority.issue({ names: [`URI:${BILLING}`] }) },
    });
    expect(status).toBe(201);
    expect(JSON.parse(body.toString())).toMatchObject({ run: { actor: BILLING, tenant: 'acme' } });
  });

  const day = 86_400_000;
  it.each<[string, Certificate | undefined]>([
    ['none', undefined],
    ['of another CA', stranger.issue({ names: [`URI:${BILLING}`] })],
    [
      'that has expired',
      authority.issue({
        names: [`URI:${BILLING}`],
        validFrom: new Date(Date.now() - 2 * day),
        validTo: new Date(Date.now() - day / 24),
      }),
    ],
    [
      'that is not valid yet',
      authority.issue({ names: [`URI:${BILLING}`], validFrom: new Date(Date.now() + day / 2) }),
    ],
    ['for servers only', authority.issue({ names: [`URI:${BILLING}`], purpose: 'server' })],
    ['without a name', authority.issue({})],
    ['of nobody in the file', authority.issue({ names: ['URI:spiffe://acme.internal/ns/test/sa/x'] })],
    ['with two identities', authority.issue({ names: [`URI:${BILLING}`, `URI:${BILLING}2`] })],
  ])('%s: 401 and UNAUTHENTICATED, but a key does', async (_, client) => {
    expect((await post([newSpan()], client)).status).toBe(401);
    expect(await call([newSpan()], client)).toMatchObject({ code: UNAUTHENTICATED });
    const spans = [newSpan(), newSpan()];
    const key = bearer(scheduler.key);
    expect((await post([spans[0]!], client, key)).status).toBe(200);
    expect(await call([spans[1]!], client, key)).toMatchObject({ code: 0 });
    for (const span of spans)
      expect(await storedSender(span)).toMatchObject({ Actor: 'k8s://prod/scheduler' });
  });

  it('of a CA that borrows the name of ours is refused, or its connection is; the collector goes on', async () => {
    const client = impostor.issue({ names: [`URI:${BILLING}`] });
    for (let i = 0; i < 20; i++) {
      const http = await post([newSpan()], client).catch(() => undefined);
      const grpc = await call([newSpan()], client).catch(() => undefined);
      expect([undefined, 401]).toContain(http?.status);
      expect([undefined, UNAUTHENTICATED]).toContain(grpc?.code);
    }
    expect((await post([newSpan()], authority.issue({ names: [`URI:${BILLING}`] }))).status).toBe(200);
  });

  it('does not help a key that is wrong: what is said counts', async () => {
    const client = authority.issue({ names: [`URI:${BILLING}`] });
    expect((await post([newSpan()], client, bearer(newKey('scheduler').key))).status).toBe(401);
  });
});

describe('TLS', () => {
  const handshake = (options: SecureContextOptions): Promise<string> =>
    new Promise((resolve, reject) => {
      const { port, hostname: host } = new URL(collector.url);
      const socket = connectTls({ host, port: Number(port), ca: authority.cert, ...options });
      socket.on('secureConnect', () => {
        resolve(`${socket.getProtocol()} ${socket.getPeerX509Certificate()?.serialNumber}`);
        socket.destroy();
      });
      socket.on('error', reject);
    });

  it('begins at 1.2', async () => {
    expect(await handshake({ maxVersion: 'TLSv1.2' })).toContain('TLSv1.2');
    expect(await handshake({})).toContain('TLSv1.3');
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(handshake(old)).rejects.toThrow();
  });

  it('shows a new certificate after SIGHUP, on both ports; files that do not fit together change nothing', async () => {
    const before = await handshake({});
    writeFileSync(pathOf('server.key'), newServer().key);
    process.kill(collector.pid, 'SIGHUP');
    await eventually(() => collector.printed().includes('TLS certificate: the former stays'));
    expect(await handshake({})).toBe(before);

    const other = newAuthority('other');
    showServer(other.issue({ names: ['IP:127.0.0.1'], purpose: 'server' }));
    process.kill(collector.pid, 'SIGHUP');
    await eventually(() => collector.printed().includes('TLS certificate: taken up anew'));
    await expect(handshake({})).rejects.toThrow();
    await expect(call([newSpan()])).rejects.toThrow();
    const client = authority.issue({ names: [`URI:${BILLING}`] });
    const tls = { ...client, ca: other.cert };
    expect(await exportOverGrpc(collector.grpcAddress!, [newSpan()], {}, tls)).toMatchObject({ code: 0 });
    expect(await handshake(tls)).not.toBe(before);
    showServer(newServer());
    process.kill(collector.pid, 'SIGHUP');
    await eventually(async () => handshake({}).catch(() => undefined));
  });
});

describe('refuses to start', () => {
  const refusal = async (environment: NodeJS.ProcessEnv): Promise<string> => {
    const { code, stderr } = await collectorThatEnds({ environment });
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    return stderr;
  };

  it('on an address beyond loopback in the clear, unless told so', async () => {
    for (const host of ['0.0.0.0', '::', '10.0.0.1']) {
      const said = await refusal({ WHENCE_COLLECTOR_HOST: host });
      expect(said).toMatch(/WHENCE_COLLECTOR_HOST=.*clear.*WHENCE_TLS_CERT.*WHENCE_INSECURE=true/);
    }
    const environment = { WHENCE_COLLECTOR_HOST: '0.0.0.0', WHENCE_INSECURE: 'true' };
    expect((await startCollector({ environment })).url).toContain('http://0.0.0.0');
  });

  it.each<[string, NodeJS.ProcessEnv, RegExp]>([
    ['a key without a certificate', { WHENCE_TLS_CERT: '' }, /WHENCE_TLS_KEY needs WHENCE_TLS_CERT/],
    ['a certificate without a key', { WHENCE_TLS_KEY: '' }, /WHENCE_TLS_CERT needs WHENCE_TLS_KEY/],
    ['client CAs alone', { WHENCE_TLS_CERT: '', WHENCE_TLS_KEY: '' }, /WHENCE_TLS_CLIENT_CA needs/],
    ['a file that is not there', { WHENCE_TLS_KEY: pathOf('nowhere') }, /WHENCE_TLS_KEY=.*nowhere/],
    ['a file that is none', { WHENCE_TLS_CLIENT_CA: pathOf('whence.yaml') }, /TLS files .*whence\.yaml/],
    ['the key of another', { WHENCE_TLS_KEY: pathOf('other.key') }, /TLS files .*mismatch/],
    ['a word', { WHENCE_INSECURE: 'maybe' }, /WHENCE_INSECURE="maybe"/],
  ])('with %s', async (_, environment, why) => {
    writeFileSync(pathOf('other.key'), newServer().key);
    expect(await refusal({ ...TLS, ...environment })).toMatch(why);
  });
});
