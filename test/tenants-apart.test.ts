import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CollectorProcess, startCollector, storeOpen } from './stage/collector-process.ts';
import { bearer, type CredentialsFile, writeCredentials } from './stage/credentials-file.ts';
import { eventually } from './stage/eventually.ts';
import { exportOverGrpc } from './stage/grpc-call.ts';
import { ask, askIssuer } from './stage/issuer-client.ts';
import { drained, expectLedgerHeld, Ledger } from './stage/ledger.ts';
import { jsonOf, newSpan, newSpans, type OtlpSpan, protobufOf, requestWith } from './stage/otlp-request.ts';
import { type Answer, exchange, postProtobuf } from './stage/post.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';

const RESOURCE_EXHAUSTED = 8;
const LIMIT = { bytesPerSecond: 20_000, burstBytes: 20_000 };
const grants = (name: string) => [
  { principal: { id: `k8s://prod/${name}`, kind: 'workload' }, authority: `policy:${name}` },
];

let store: StoreProcess;
let database: string;
let credentials: CredentialsFile;
let collector: CollectorProcess;
const ledger = new Ledger();

beforeAll(async () => {
  store = await startStore();
  database = store.newDatabase();
  credentials = writeCredentials('example.com', [
    { id: 'attacker', tenant: 'attacker', actor: 'k8s://prod/attacker', grants: grants('attacker') },
    { id: 'victim', tenant: 'victim', actor: 'k8s://prod/victim', grants: grants('victim') },
    { id: 'noisy', tenant: 'noisy', actor: 'k8s://prod/noisy' },
    { id: 'quiet', tenant: 'quiet', actor: 'k8s://prod/quiet' },
  ]);
  const file = JSON.parse(readFileSync(credentials.path, 'utf8')) as object;
  writeFileSync(credentials.path, JSON.stringify({ ...file, tenants: [{ id: 'noisy', ...LIMIT }] }));
  collector = await startCollector({ storeUrl: store.url, database, credentialsPath: credentials.path });
  await storeOpen(collector.url);
});

const keyOf = (who: string): Record<string, string> => bearer(credentials.keys[who]!);

describe('a tenant cannot write as another', () => {
  const NAMES = [
    'tenant',
    'tenant.id',
    'TenantId',
    'Actor',
    'Witness',
    'whence.tenant',
    'whence.tenant.id',
    'whence.actor',
    'whence.witness',
    'whence.attributed.tenant',
    'whence.attributed.actor',
    'auth_principal',
    'x-scope-orgid',
  ];
  const forged = [
    ...NAMES.map((key) => ({ key, value: { stringValue: 'victim' } })),
    { key: 'whence.principal.id', value: { stringValue: 'k8s://prod/victim' } },
    { key: 'whence.principal.kind', value: { stringValue: 'workload' } },
    { key: 'whence.authority.id', value: { stringValue: 'policy:victim' } },
  ];
  const headers: Record<string, string> = {
    'content-type': 'application/x-protobuf',
    ...Object.fromEntries(
      ['x-tenant', 'x-tenant-id', 'x-scope-orgid', 'whence-tenant', 'tenant', 'x-forwarded-user', 'from'].map(
        (name) => [name, 'victim'],
      ),
    ),
    'x-forwarded-client-cert': 'URI=spiffe://example.com/victim',
    'ssl-client-verify': 'SUCCESS',
    baggage: `tenant=victim,whence.actor=k8s://prod/victim,${'x=y,'.repeat(1_000)}whence.tenant=victim`,
    tracestate: 'whence=victim',
  };
  const span = (more: Partial<OtlpSpan> = {}): OtlpSpan => newSpan({ attributes: forged, ...more });
  const sent: string[] = [];
  const acknowledged = (spans: readonly OtlpSpan[]): void => {
    for (const { spanId } of spans) {
      sent.push(spanId);
      ledger.acknowledged.add(spanId);
    }
  };

  const expectSent = async (spans: readonly OtlpSpan[], path = '/v1/traces'): Promise<void> => {
    const { resourceSpans } = requestWith(spans, 'victim');
    const request = {
      resourceSpans: resourceSpans.map((each) => ({ ...each, resource: { attributes: forged } })),
    };
    const own = { ...headers, ...keyOf('attacker') };
    const { status } = await exchange(`${collector.url}${path}`, { headers: own, body: protobufOf(request) });
    expect(status).toBe(200);
    acknowledged(spans);
  };

  it('by headers, baggage, the query, attributes of the resource or of the span', async () => {
    await expectSent([span()]);
    await expectSent([span()], '/v1/traces?tenant=victim&TenantId=victim&authorization=whk_victim_x');
    const json = span();
    const { status } = await exchange(`${collector.url}/v1/traces`, {
      headers: { ...headers, ...keyOf('attacker'), 'content-type': 'application/json' },
      body: jsonOf({ ...requestWith([json]), tenant: 'victim', tenantId: 'victim' } as never),
    });
    expect(status).toBe(200);
    const grpc = span();
    const metadata = { ...headers, ...keyOf('attacker') };
    delete metadata['content-type'];
    expect(await exportOverGrpc(collector.grpcAddress!, [grpc], metadata)).toMatchObject({ code: 0 });
    acknowledged([json, grpc]);
  });

  it('by paths that look like the victim’s', async () => {
    for (const path of [
      '/victim/v1/traces',
      '//victim/v1/traces',
      '/v1/traces/victim',
      '/v1/../victim/v1/traces',
    ]) {
      const answer = await exchange(`${collector.url}${path}`, {
        headers: { ...headers, ...keyOf('attacker') },
        body: protobufOf(requestWith([span()])),
      });
      expect(answer.status).toBe(404);
    }
  });

  it('by two credentials at once: the first counts, or none', async () => {
    const { status, json } = await ask(`${collector.url}/v1/runs`, {
      method: 'POST',
      headers: [
        ['authorization', keyOf('attacker')['authorization']!],
        ['authorization', keyOf('victim')['authorization']!],
      ],
      body: '{"job":"x"}',
    });
    expect([201, 401]).toContain(status);
    if (status === 201) expect(json.run.tenant).toBe('attacker');
  });

  it('by the victim’s run: its reference names nobody here', async () => {
    const started = await askIssuer(collector.url, credentials.keys['victim'], '/v1/runs', { job: 'x' });
    expect(started.status).toBe(201);
    await expectSent([span({ traceState: started.json.traceState })]);
    const child = { job: 'x', parent: started.json.reference };
    const asChild = await askIssuer(collector.url, credentials.keys['attacker'], '/v1/runs', child);
    expect(asChild).toMatchObject({ status: 404, json: { code: 'parent_unknown' } });
    for (const [path, body] of [
      ['', undefined],
      ['/end', { outcome: 'failure' }],
    ] as const) {
      const answer = await askIssuer(
        collector.url,
        credentials.keys['attacker'],
        `/v1/runs/${started.json.run.id}${path}`,
        body,
      );
      expect(answer).toMatchObject({ status: 404, json: { code: 'run_unknown' } });
    }
  });

  it('in the store all of it is the attacker’s, and the victim has nothing but its own run', async () => {
    await drained(collector.url);
    const rows = await store.rows<{ SpanId: string }>(
      database,
      `SELECT SpanId, TenantId, Actor, toString(Witness) AS Witness, PrincipalId, toString(Assurance) AS Assurance
       FROM otel_traces WHERE TenantId IN ('attacker', 'victim')`,
    );
    expect(rows.map(({ SpanId }) => SpanId).sort()).toEqual([...sent].sort());
    for (const row of rows) {
      expect(row).toMatchObject({ TenantId: 'attacker', Actor: 'k8s://prod/attacker', Witness: 'sdk' });
      expect(row).not.toMatchObject({ PrincipalId: 'k8s://prod/victim', Assurance: 'verified' });
    }
    const runs = await store.rows(database, `SELECT Actor FROM runs WHERE TenantId = 'victim'`);
    expect(runs).toEqual([{ Actor: 'k8s://prod/victim' }]);
  });
});

describe('a tenant that floods', () => {
  const statuses = new Map<number | undefined, number>();

  /** Senders that never wait as they are told to. */
  const flood = async (until: AbortSignal): Promise<void> => {
    while (!until.aborted) {
      const status = await ledger.send(collector.url, newSpans(20), keyOf('noisy'));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      // The sender and the measurement share a processor.
      await pause(5);
    }
  };

  const quietMillis = async (requests: number): Promise<number[]> => {
    const millis: number[] = [];
    for (let i = 0; i < requests; i++) {
      const start = performance.now();
      expect(await ledger.send(collector.url, newSpans(5), keyOf('quiet'))).toBe(200);
      millis.push(performance.now() - start);
    }
    return millis;
  };

  const p99 = (millis: readonly number[]): number =>
    [...millis].sort((a, b) => a - b)[Math.ceil(millis.length * 0.99) - 1]!;

  it('gets its own 429s with the time to wait; the other tenant keeps its answers and its latency', {
    retry: 2,
  }, async () => {
    await quietMillis(50);
    const alone: number[] = [];
    const beside: number[] = [];
    for (let round = 0; round < 3; round++) {
      alone.push(...(await quietMillis(100)));
      const stop = new AbortController();
      const senders = [1, 2, 3, 4].map(() => flood(stop.signal));
      beside.push(...(await quietMillis(100)));
      stop.abort();
      await Promise.all(senders);
    }
    expect(p99(beside)).toBeLessThan(10 * p99(alone));
    expect(statuses.get(429)).toBeGreaterThan(statuses.get(200)!);
    expect([...statuses.keys()].sort()).toEqual([200, 429]);
  });

  it('is told so in each protocol, and is taken again after the time it was told', async () => {
    await eventually(async () => (await ledger.send(collector.url, newSpans(500), keyOf('noisy'))) === 200);
    const http = await postProtobuf(collector.url, [newSpan()], keyOf('noisy'));
    expect(http.status).toBe(429);
    const seconds = Number(http.headers['retry-after']);
    expect(seconds).toBeGreaterThan(0);
    const grpc = await exportOverGrpc(collector.grpcAddress!, [newSpan()], keyOf('noisy'));
    expect(grpc.code).toBe(RESOURCE_EXHAUSTED);
    expect(grpc.details).toContain('google.rpc.RetryInfo');
    const spans = newSpans(1);
    expect(await exportOverGrpc(collector.grpcAddress!, spans, keyOf('quiet'))).toMatchObject({ code: 0 });
    ledger.acknowledged.add(spans[0]!.spanId);
    await pause(seconds * 1000);
    expect(await ledger.send(collector.url, newSpans(1), keyOf('noisy'))).toBe(200);
  });

  it('by what is not even kept: logs, and bodies that are no OTLP', async () => {
    for (const [path, body] of [
      ['/v1/logs', JSON.stringify({ resourceLogs: [], padding: 'x'.repeat(60_000) })],
      ['/v1/traces', `{"resourceSpans":[${' '.repeat(60_000)}`],
    ] as const) {
      const send = (): Promise<Answer> =>
        exchange(`${collector.url}${path}`, {
          headers: { 'content-type': 'application/json', ...keyOf('noisy') },
          body: Buffer.from(body),
        });
      await eventually(async () => (await send()).status !== 429);
      expect((await send()).status).toBe(429);
    }
  });

  it('has in the store what was acknowledged, and nothing that was refused', async () => {
    await expectLedgerHeld(ledger, store, database, collector.url);
  });
});
