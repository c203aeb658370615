import { createSecretKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatReference, newRunId, signReference } from '@whence/model';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CollectorProcess, startCollector } from './stage/collector-process.ts';
import { bearer, type CredentialsFile, writeCredentials } from './stage/credentials-file.ts';
import { ask, askIssuer, type JsonAnswer } from './stage/issuer-client.ts';
import { drained, expectLedgerHeld, Ledger } from './stage/ledger.ts';
import { newSpan, newSpanId, newTraceId, type OtlpSpan } from './stage/otlp-request.ts';
import { startQuery } from './stage/query-process.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';

const PRINCIPAL = 'k8s://prod/payments/reconcile';
const AUTHORITY = 'user:ana@example.com';

let store: StoreProcess;
let database: string;
let credentials: CredentialsFile;
let collector: CollectorProcess;
let queryUrl: string;
let runId: string;
let reference: string;
const ledger = new Ledger();

beforeAll(async () => {
  store = await startStore();
  database = store.newDatabase();
  credentials = writeCredentials('example.com', [
    {
      id: 'scheduler',
      actor: 'k8s://prod/payments/scheduler',
      grants: [{ principal: { id: PRINCIPAL, kind: 'service_account' }, authority: AUTHORITY }],
    },
    { id: 'stranger', actor: 'k8s://prod/other/stranger' },
  ]);
  collector = await startCollector({ storeUrl: store.url, database, credentialsPath: credentials.path });
  queryUrl = (await startQuery(store.url, database)).url;
  const started = await askIssuer(collector.url, credentials.keys['scheduler'], '/v1/runs', {
    job: 'nightly-reconcile',
  });
  expect(started.status).toBe(201);
  runId = started.json.run.id;
  reference = started.json.reference;
});

/** Sends a span with that `tracestate`, as the stranger unless said otherwise. */
const sendWith = async (traceState: string | undefined, key = 'stranger'): Promise<OtlpSpan> => {
  const span = newSpan(traceState === undefined ? {} : { traceState });
  expect(await ledger.send(collector.url, [span], bearer(credentials.keys[key]!))).toBe(200);
  return span;
};

interface Stored {
  readonly SpanId: string;
  readonly Assurance: string;
  readonly PrincipalId: string;
  readonly RunId: string;
  readonly TraceState: string;
  readonly Actor: string;
}

const stored = async (span: OtlpSpan): Promise<Stored> => {
  await drained(collector.url);
  const rows = await store.rows<Stored>(
    database,
    `SELECT SpanId, Assurance, PrincipalId, RunId, TraceState, Actor FROM otel_traces WHERE SpanId = '${span.spanId}'`,
  );
  expect(rows).toHaveLength(1);
  return rows[0]!;
};

const whoOf = ({ spanId }: OtlpSpan): Promise<JsonAnswer> => ask(`${queryUrl}/v1/who?span=${spanId}`);

/** The answer names nobody, in any of its parts, and says so. */
const expectNobodyNamed = ({ status, json }: JsonAnswer, missing: string): void => {
  expect(status).toBe(200);
  expect(json.sentence).toMatch(/^Nobody (?:is|can be) named/);
  expect(json).not.toHaveProperty('principal');
  expect(json).not.toHaveProperty('authority');
  expect(json).not.toHaveProperty('run');
  expect(json.action).not.toHaveProperty('principal');
  expect(JSON.stringify(json)).not.toContain(PRINCIPAL);
  expect(JSON.stringify(json)).not.toContain(AUTHORITY);
  expect(json.missing.map(({ code }: { code: string }) => code)).toContain(missing);
};

describe('a reference that the issuer gave out', () => {
  it('is verified, and names the principal, whoever sends it', async () => {
    const span = await sendWith(`whence=${reference}`, 'scheduler');
    expect(await stored(span)).toMatchObject({ Assurance: 'verified', PrincipalId: PRINCIPAL, RunId: runId });
    const { json } = await whoOf(span);
    expect(json.principal).toMatchObject({ id: PRINCIPAL, assurance: 'verified' });
    expect(json.authority.id).toBe(AUTHORITY);
    expect(json.sentence).toContain(PRINCIPAL);
  });

  it('is found among the members of other vendors', async () => {
    for (const traceState of [`a=b,whence=${reference}`, `a=b , whence=${reference} ,c@d=e`]) {
      expect(await stored(await sendWith(traceState))).toMatchObject({ Assurance: 'verified' });
    }
  });

  it('borrowed by another workload, is recorded with that workload as the actor', async () => {
    expect(await stored(await sendWith(`whence=${reference}`, 'stranger'))).toMatchObject({
      Assurance: 'verified',
      Actor: 'k8s://prod/other/stranger',
    });
  });
});

describe('a forged reference', () => {
  it('with any one bit of it flipped, is stored as refuted and never as verified', async () => {
    const bytes = Buffer.from(reference, 'latin1');
    const forged: string[] = [];
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 7; bit++) {
        const copy = Buffer.from(bytes);
        copy[at]! ^= 1 << bit;
        forged.push(copy.toString('latin1'));
      }
    }
    const spans = forged.map((text) => newSpan({ traceState: `whence=${text}` }));
    const key = bearer(credentials.keys['stranger']!);
    expect(await ledger.send(collector.url, spans, key)).toBe(200);
    await drained(collector.url);
    const rows = await store.rows<Stored>(
      database,
      `SELECT SpanId, Assurance, PrincipalId, RunId, TraceState, Actor FROM otel_traces
      WHERE SpanId IN (${spans.map(({ spanId }) => `'${spanId}'`).join(',')})`,
    );
    expect(rows).toHaveLength(spans.length);
    // A comma or a blank ends the member: what is left of it is still a forgery.
    const verdicts = new Map(rows.map((row) => [row.TraceState.slice('whence='.length), row.Assurance]));
    const wrong = forged.filter((text) => verdicts.get(text) !== 'refuted');
    expect(wrong).toEqual([]);
    expect(rows.filter(({ PrincipalId }) => PrincipalId !== '')).toEqual([]);
  });

  const withKey = (secret: Buffer, kid: string, trustDomain: string): string =>
    formatReference(signReference({ kid, secret: createSecretKey(secret) }, trustDomain, runId));
  const ownSecret = (): Buffer => {
    const file = readFileSync(join(collector.dataDirectory, 'mac-keys.json'), 'utf8');
    const { active, keys } = JSON.parse(file) as { active: string; keys: Record<string, string> };
    return Buffer.from(keys[active]!, 'base64');
  };

  it('is not made by another way of writing down the issuer’s key', () => {
    expect(withKey(ownSecret(), 'k1', 'example.com')).toBe(reference);
  });

  it.each<[string, () => string]>([
    ['of another key under our key id', () => withKey(randomBytes(32), 'k1', 'example.com')],
    ['of our key for another trust domain', () => withKey(ownSecret(), 'k1', 'example.org')],
    ['of another domain and its key', () => withKey(randomBytes(32), 'k1', 'example.org')],
    ['under an unknown key id', () => withKey(ownSecret(), 'k9', 'example.com')],
    ['with the MAC of another run', () => `${formatReference({ runId: newRunId() })}${reference.slice(22)}`],
    ['cut short', () => reference.slice(0, -1)],
    ['made longer', () => `${reference}A`],
    ['that is far too long', () => 'x'.repeat(200)],
    ['that is empty', () => ''],
    ['that is no reference', () => 'hello'],
  ])('%s: refuted, and who names nobody and says so', async (_, text) => {
    const span = await sendWith(`whence=${text()}`);
    expect(await stored(span)).toMatchObject({ Assurance: 'refuted', PrincipalId: '' });
    const who = await whoOf(span);
    expectNobodyNamed(who, 'refuted');
    expect(who.json.sentence).toContain('forged or damaged');
  });

  it('followed by a genuine one does not count as the genuine one', async () => {
    const forged = withKey(randomBytes(32), 'k1', 'example.com');
    const span = await sendWith(`whence=${forged},whence=${reference}`);
    expect(await stored(span)).toMatchObject({ Assurance: 'refuted' });
  });
});

describe('no reference', () => {
  it.each([
    [undefined],
    [''],
    ['vendor=value'],
    [`whence2=x,notwhence=y`],
    ['garbage that is no tracestate'],
  ])('tracestate %j: none, and who says plainly that nobody is named and why', async (traceState) => {
    const span = await sendWith(traceState);
    expect(await stored(span)).toMatchObject({ Assurance: 'none', PrincipalId: '' });
    const who = await whoOf(span);
    expectNobodyNamed(who, 'no_reference');
    expect(who.json.sentence).toContain('came with no reference');
  });
});

describe('a reference without a MAC', () => {
  it('is asserted, of a run of which nothing is known: nobody is named', async () => {
    const span = await sendWith(`whence=${formatReference({ runId: newRunId() })}`);
    expect(await stored(span)).toMatchObject({ Assurance: 'asserted', PrincipalId: '' });
    expectNobodyNamed(await whoOf(span), 'asserted_only');
  });

  it('is asserted, of a run that the issuer did start: who never calls it verified', async () => {
    const span = await sendWith(`whence=${formatReference({ runId })}`);
    expect(await stored(span)).toMatchObject({ Assurance: 'asserted' });
    const { json } = await whoOf(span);
    expect(json.action.assurance).toBe('asserted');
    expect(json.principal?.assurance ?? 'asserted').toBe('asserted');
    expect(json.missing.map(({ code }: { code: string }) => code)).toContain('asserted_only');
  });
});

describe('who, of what is not there', () => {
  it.each<[string, string, string]>([
    ['span', newSpanId(), 'unknown_span'],
    ['trace', newTraceId(), 'unknown_trace'],
    ['run', newRunId(), 'unknown_run'],
  ])('an unknown %s: 404 that says what was looked for', async (field, id, code) => {
    const { status, headers, json } = await ask(`${queryUrl}/v1/who?${field}=${id}`);
    expect(status).toBe(404);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(json).toMatchObject({ status: 404, code, field });
    expect(json.detail).toContain(id);
    expect(json.detail).toContain('tenant "default"');
  });

  it('a span of another trace: 404 that names both', async () => {
    const span = await sendWith(undefined);
    await drained(collector.url);
    const trace = newTraceId();
    const { status, json } = await ask(`${queryUrl}/v1/who?span=${span.spanId}&trace=${trace}`);
    expect(status).toBe(404);
    expect(json.detail).toContain(span.spanId);
    expect(json.detail).toContain(trace);
  });

  it.each([['span=xyz'], ['span='], ['trace=0'], ['run=1'], [''], [`span=${newSpanId()}&run=${newRunId()}`]])(
    'asked by "%s": 400 that names the parameter',
    async (parameters) => {
      const { status, json } = await ask(`${queryUrl}/v1/who?${parameters}`);
      expect(status).toBe(400);
      expect(json).toMatchObject({
        code: 'bad_parameter',
        field: expect.stringMatching(/^(?:span|trace|run)$/),
      });
    },
  );
});

it('every span of these tests is in the store, once', async () => {
  await expectLedgerHeld(ledger, store, database, collector.url);
});
