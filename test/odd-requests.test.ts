import { beforeAll, describe, expect, it } from 'vitest';
import { type CollectorProcess, startCollector, storeOpen } from './stage/collector-process.ts';
import { bearer, type CredentialsFile, writeCredentials } from './stage/credentials-file.ts';
import { ask } from './stage/issuer-client.ts';
import { drained } from './stage/ledger.ts';
import {
  exportResponseOf,
  jsonOf,
  newSpan,
  newSpanId,
  newSpans,
  newTraceId,
  type OtlpSpan,
  protobufOf,
  requestWith,
} from './stage/otlp-request.ts';
import { type Answer, exchange, postJson, postProtobuf } from './stage/post.ts';
import { startQuery } from './stage/query-process.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';

const ACTOR = 'k8s://prod/sender';

let store: StoreProcess;
let database: string;
let credentials: CredentialsFile;
let collector: CollectorProcess;
let queryUrl: string;
beforeAll(async () => {
  store = await startStore();
  database = store.newDatabase();
  credentials = writeCredentials('example.com', [{ id: 'sender', actor: ACTOR }]);
  collector = await startCollector({ storeUrl: store.url, database, credentialsPath: credentials.path });
  await storeOpen(collector.url);
  queryUrl = (await startQuery(store.url, database)).url;
});

const key = (): Record<string, string> => bearer(credentials.keys['sender']!);

const post = (contentType: string, body: Uint8Array, headers: Record<string, string> = {}): Promise<Answer> =>
  exchange(`${collector.url}/v1/traces`, {
    headers: { 'content-type': contentType, ...key(), ...headers },
    body,
  });

interface Stored {
  readonly TraceId: string;
  readonly SpanId: string;
  readonly SpanName: string;
  readonly start: string;
  readonly Actor: string;
  readonly TenantId: string;
  readonly Assurance: string;
  readonly PrincipalId: string;
}

const stored = async (span: OtlpSpan): Promise<readonly Stored[]> => {
  await drained(collector.url);
  return store.rows<Stored>(
    database,
    `SELECT TraceId, SpanId, SpanName, toString(toUnixTimestamp64Nano(Timestamp)) AS start, Actor, TenantId, Assurance,
      PrincipalId FROM otel_traces WHERE SpanId = '${span.spanId}'`,
  );
};

describe('ids and names of fields', () => {
  it('ids in upper case are the same ids', async () => {
    const span = newSpan({ parentSpanId: newSpanId() });
    const upper = newSpan({
      ...span,
      traceId: span.traceId.toUpperCase(),
      spanId: span.spanId.toUpperCase(),
    });
    expect((await postJson(collector.url, [upper], key())).status).toBe(200);
    expect(await stored(span)).toMatchObject([{ TraceId: span.traceId, SpanId: span.spanId }]);
  });

  it.each<[string, Partial<OtlpSpan>]>([
    ['15 bytes', { traceId: 'ab'.repeat(15) }],
    ['17 bytes', { traceId: 'ab'.repeat(17) }],
    ['half a byte too many', { traceId: `${'ab'.repeat(16)}a` }],
    ['base64', { traceId: Buffer.alloc(16, 7).toString('base64') }],
    ['base64, of a span', { spanId: Buffer.alloc(8, 7).toString('base64') }],
    ['a hyphened UUID', { traceId: '0af76519-16cd-43dd-8448-eb211c80319c' }],
  ])('an id of %s is refused with the whole request', async (_, ids) => {
    const whole = newSpan();
    expect((await postJson(collector.url, [whole, newSpan(ids)], key())).status).toBe(400);
    expect(await stored(whole)).toEqual([]);
  });

  it('ids of zeros, or none, reject their span alone', async () => {
    const whole = newSpan();
    const without = [
      newSpan({ traceId: '0'.repeat(32) }),
      newSpan({ spanId: '0'.repeat(16) }),
      newSpan({ traceId: '' }),
    ];
    for (const send of [postJson, postProtobuf]) {
      const answer = await send(collector.url, [...without, whole], key());
      const { partialSuccess } = exportResponseOf(answer.headers['content-type'], answer.body);
      expect({ status: answer.status, rejected: partialSuccess?.rejectedSpans }).toEqual({
        status: 200,
        rejected: '3',
      });
    }
    expect(await stored(whole)).toHaveLength(2);
  });

  it('keys in snake_case are unknown keys, and unknown keys are passed over', async () => {
    const span = newSpan({ startTimeUnixNano: '7', endTimeUnixNano: '8' });
    const snake = jsonOf(requestWith([span]))
      .toString()
      .replace('"startTimeUnixNano"', '"start_time_unix_nano"');
    expect((await post('application/json', Buffer.from(snake))).status).toBe(200);
    expect(await stored(span)).toMatchObject([{ start: '0' }]);

    const nothing = Buffer.from('{"resource_spans":[{"scope_spans":[]}],"more":{"resourceSpans":[1]}}');
    expect((await post('application/json', nothing)).body.toString()).toBe('{}');

    const noId = jsonOf(requestWith([newSpan()]))
      .toString()
      .replace('"traceId"', '"trace_id"');
    const answer = await post('application/json', Buffer.from(noId));
    expect(exportResponseOf(answer.headers['content-type'], answer.body).partialSuccess?.rejectedSpans).toBe(
      '1',
    );
  });

  it('unknown protobuf fields of every wire type, groups too, are passed over', async () => {
    const span = newSpan();
    // Field 1000: varint, 64 bits, bytes, a group with a field in it, 32 bits.
    const unknown = Buffer.concat([
      Buffer.from('c03eff01', 'hex'),
      Buffer.from('c13e0102030405060708', 'hex'),
      Buffer.from('c23e03616263', 'hex'),
      Buffer.from('c33e0801c43e', 'hex'),
      Buffer.from('c53e01020304', 'hex'),
    ]);
    const request = Buffer.concat([unknown, protobufOf(requestWith([span])), unknown]);
    expect((await post('application/x-protobuf', request)).status).toBe(200);
    expect(await stored(span)).toHaveLength(1);
  });

  it.each(['"SPAN_KIND_SERVER"', '1.5', 'true'])('an enum that is %s is refused', async (kind) => {
    const json = jsonOf(requestWith([newSpan()]))
      .toString()
      .replace('"kind":1', `"kind":${kind}`);
    expect((await post('application/json', Buffer.from(json))).status).toBe(400);
  });
});

describe('the same request more than once', () => {
  const COPIES = 10;

  const actionsOf = async (service: string): Promise<readonly { readonly conflict?: true }[]> =>
    (await ask(`${queryUrl}/v1/actions?service=${service}`)).json.actions;

  it('twice, then ten copies at once: the store has each as it was received, answers show one action', async () => {
    const service = `copies-${newSpanId()}`;
    const [span] = newSpans(1) as [OtlpSpan];
    const body = protobufOf(requestWith([span], service));
    const send = async (): Promise<void> => {
      expect((await post('application/x-protobuf', body)).status).toBe(200);
    };
    await send();
    await send();
    await Promise.all(Array.from({ length: COPIES }, send));
    expect(await stored(span)).toHaveLength(2 + COPIES);

    expect(await actionsOf(service)).toHaveLength(1);
    const who = await ask(`${queryUrl}/v1/who?trace=${span.traceId}&span=${span.spanId}`);
    expect(who.status).toBe(200);
    expect(JSON.stringify(who.json)).not.toContain('conflict');
  });

  it('with another content under the same ids: both are shown, as a conflict', async () => {
    const service = `contradiction-${newSpanId()}`;
    const ids = { traceId: newTraceId(), spanId: newSpanId() };
    for (const name of ['what was done', 'what somebody says was done']) {
      await post('application/x-protobuf', protobufOf(requestWith([newSpan({ ...ids, name })], service)));
    }
    await drained(collector.url);
    const who = await ask(`${queryUrl}/v1/who?trace=${ids.traceId}&span=${ids.spanId}`);
    expect(JSON.stringify(who.json)).toContain('conflict');
  });
});

describe('baggage and names that come from outside', () => {
  const members = (bytes: number): string => {
    const forged = 'whence.principal.id=k8s://prod/admin,whence.actor=k8s://prod/admin,tenant=other,';
    return forged + 'k=v,'.repeat((bytes - forged.length) / 4);
  };

  it('baggage of more than 8 KB and 1,000 members changes nothing', async () => {
    const span = newSpan();
    const baggage = members(12_000);
    expect(baggage.split(',').length).toBeGreaterThan(1_000);
    const body = protobufOf(requestWith([span]));
    expect((await post('application/x-protobuf', body, { baggage })).status).toBe(200);
    expect(await stored(span)).toMatchObject([
      { Actor: ACTOR, TenantId: 'default', Assurance: 'none', PrincipalId: '' },
    ]);
  });

  it('headers of more than 16 KB are refused, and the next request is served', async () => {
    const span = newSpan();
    const body = protobufOf(requestWith([span]));
    expect((await post('application/x-protobuf', body, { baggage: members(20_000) })).status).toBe(431);
    expect((await post('application/x-protobuf', body)).status).toBe(200);
    expect(await stored(span)).toHaveLength(1);
  });

  it('a principal in the attributes is a claim at most: it is never verified, and never the actor', async () => {
    const claim = { stringValue: 'k8s://prod/admin' };
    const forged = [
      'principal',
      'whence.principal',
      'whence.principal.id',
      'enduser.id',
      'Actor',
      'whence.actor.id',
    ];
    const span = newSpan({
      attributes: [
        ...forged.map((name) => ({ key: name, value: claim })),
        { key: 'whence.principal.kind', value: { stringValue: 'user' } },
        { key: 'whence.assurance', value: { stringValue: 'verified' } },
        { key: 'Assurance', value: { stringValue: 'verified' } },
      ],
    });
    const { resourceSpans } = requestWith([span]);
    const body = jsonOf({
      resourceSpans: resourceSpans.map((each) => ({ ...each, resource: { attributes: span.attributes! } })),
    });
    expect((await post('application/json', body)).status).toBe(200);
    expect(await stored(span)).toMatchObject([
      { Actor: ACTOR, TenantId: 'default', Assurance: 'none', PrincipalId: '' },
    ]);
  });
});
