import {
  type Context,
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  type SpanKind,
  trace,
} from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { formatReference, newRunId } from '@whence/model';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { causedBy, causeIn } from '../carriers/caused-by.ts';
import { runIn, scopeOf, withRun } from '../runs/run-scope.ts';
import { RunToken } from '../runs/run-token.ts';
import { readConfig, type WhenceOptions } from '../settings/config.ts';
import { heardNotices } from '../testkit/heard-notices.ts';
import { startTracing, type Tracing } from '../testkit/tracing.ts';
import { requestArrives } from './arriving-request.ts';
import { namedPropagators } from './named-propagators.ts';
import { TXN_TOKEN_MAX } from './transaction-token.ts';
import { TrustBoundary } from './trust-boundary.ts';

let tracing: Tracing;
beforeAll(() => {
  tracing = startTracing();
});
afterAll(() => tracing.stop());

const CLIENT = 2 as SpanKind.CLIENT;
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const RUN = formatReference({ runId: newRunId() });
const SIGNED = `${RUN}.k1.AAAAAAAAAAAAAAAA`;
const ISSUER = { issuerUrl: 'http://issuer.example' };

const tokenOf = (payload: object): string =>
  `eyJ0eXAiOiJ0eG50b2tlbitqd3QifQ.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.c2ln`;
const TOKEN = tokenOf({ sub: 'nightly' });

const boundary = (options: WhenceOptions = {}, propagators?: string) => {
  const { notices, heard } = heardNotices();
  const named = namedPropagators(propagators, notices);
  const propagator = new TrustBoundary(readConfig({}, options).config, notices, named!);
  return {
    heard,
    fields: propagator.fields(),
    request: (headers: Record<string, unknown>): Context => {
      requestArrives(headers);
      return propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
    },
    message: (headers: Record<string, unknown>): Context =>
      propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter),
    sent: (within: Context): Record<string, string> => {
      const headers: Record<string, string> = {};
      propagator.inject(within, headers, defaultTextMapSetter);
      return headers;
    },
  };
};

/** The context in which a client injects, for a call to `host` that is made in `within`. */
const callTo = (host: string | undefined, within: Context, kind: SpanKind = CLIENT): Context => {
  const attributes = host === undefined ? {} : { 'server.address': host };
  return trace.setSpan(within, trace.getTracer('test').startSpan('call', { kind, attributes }, within));
};

const withBaggage = (within: Context): Context =>
  propagation.setBaggage(within, propagation.createBaggage({ owner: { value: 'anna' } }));

const inRun = (txnToken?: string): Context =>
  withRun(ROOT_CONTEXT, {
    ...scopeOf(SIGNED)!,
    ...(txnToken === undefined ? {} : { token: new RunToken(txnToken, async () => undefined) }),
  });

describe('what leaves', () => {
  const allowing = () => boundary({ propagateTo: ['api.acme.internal'] });

  it('is the reference, to whatever host; baggage and the token only to one on the list', () => {
    const { sent } = allowing();
    const within = withBaggage(inRun(TOKEN));
    expect(sent(callTo('api.acme.internal', within))).toEqual({
      traceparent: expect.any(String),
      tracestate: `whence=${SIGNED}`,
      baggage: 'owner=anna',
      'txn-token': TOKEN,
    });
    for (const host of ['evil.example', undefined]) {
      expect(Object.keys(sent(callTo(host, within)))).toEqual(['traceparent', 'tracestate']);
    }
  });

  it('says once that baggage stays here', () => {
    const { sent, heard } = boundary();
    for (const host of ['evil.example', 'other.example', undefined]) {
      sent(callTo(host, withBaggage(ROOT_CONTEXT)));
    }
    expect(heard).toEqual([
      'whence: baggage is not sent to evil.example: it goes to hosts that WHENCE_PROPAGATE_TO names\n',
    ]);
  });

  it.each([0, 1, 3, 4])(
    'is not more where the span is of kind %i: the address is not whom it goes to',
    (kind) => {
      const { sent } = allowing();
      const headers = sent(callTo('api.acme.internal', withBaggage(inRun(TOKEN)), kind));
      expect(Object.keys(headers)).toEqual(['traceparent', 'tracestate']);
    },
  );

  it('is not more where the span is not recorded', () => {
    const { sent } = allowing();
    const spanContext = {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: 0,
    };
    const unrecorded = trace.setSpan(withBaggage(inRun(TOKEN)), trace.wrapSpanContext(spanContext));
    expect(Object.keys(sent(unrecorded))).toEqual(['traceparent']);
  });

  it('is nothing where tracing is suppressed', () => {
    const { sent } = allowing();
    expect(sent(suppressTracing(callTo('api.acme.internal', withBaggage(inRun(TOKEN)))))).toEqual({});
  });

  it('is no token that has expired, nor one of a run that has ended', () => {
    const { sent } = allowing();
    const tokenSent = (within: Context) => sent(callTo('api.acme.internal', within))['txn-token'];
    const expired = inRun(tokenOf({ iat: 2, exp: 2 }));
    const token = new RunToken(TOKEN, async () => undefined);
    const ended = withRun(ROOT_CONTEXT, { ...scopeOf(SIGNED)!, token, ended: true });
    expect([tokenSent(inRun(TOKEN)), tokenSent(expired), tokenSent(ended)]).toEqual([
      TOKEN,
      undefined,
      undefined,
    ]);
  });

  it('never throws', () => {
    const { notices, heard } = heardNotices();
    const propagator = new TrustBoundary(readConfig({}, {}).config, notices, { baggage: true, others: [] });
    const setter = {
      set: () => {
        throw new RangeError('no');
      },
    };
    propagator.inject(callTo('a', ROOT_CONTEXT), {}, setter);
    expect(heard).toEqual(['whence: a call went out without its cause: RangeError: no\n']);
  });
});

describe('a token that came in', () => {
  const service = () => boundary({ propagateTo: ['api.acme.internal'], ...ISSUER });
  const arrived = { traceparent: TRACEPARENT, tracestate: `whence=${SIGNED}`, 'txn-token': TOKEN };
  const sentOn = (within: Context) => service().sent(callTo('api.acme.internal', within))['txn-token'];

  it('goes on to hosts on the list', () => {
    expect(sentOn(service().request(arrived))).toBe(TOKEN);
    expect(sentOn(service().request({ 'txn-token': TOKEN }))).toBe(TOKEN);
    const elsewhere = callTo('evil.example', service().request(arrived));
    expect(service().sent(elsewhere)['txn-token']).toBeUndefined();
  });

  it('is not of a run that is opened in the request, nor of a message that is taken up in it', () => {
    const request = service().request(arrived);
    const other = scopeOf(`${formatReference({ runId: newRunId() })}.k1.AAAAAAAAAAAAAAAA`)!;
    expect(sentOn(withRun(request, other))).toBeUndefined();
    for (const tracestate of ['', `whence=${other.reference}`, arrived.tracestate]) {
      const carried = { traceparent: TRACEPARENT, tracestate };
      const taken = context.with(request, () => causedBy(carried, 'message', () => context.active()));
      expect(sentOn(taken)).toBeUndefined();
    }
  });

  it.each([
    ['too long', 'a'.repeat(100_000)],
    ['too long, and a token', `${TOKEN}${'a'.repeat(TXN_TOKEN_MAX)}`],
    ['no token', 'whatever'],
    ['two', `${TOKEN}, ${TOKEN}`],
    ['two of them', [TOKEN, TOKEN]],
    ['with control characters', `${TOKEN}\r\nx: y`],
  ])('is left out where it is %s, and said once', (_, value) => {
    const { request, heard } = service();
    for (let times = 0; times < 2; times++) {
      expect(sentOn(request({ ...arrived, 'txn-token': value }))).toBeUndefined();
    }
    expect(heard).toEqual(['whence: Txn-Token came in malformed, twice or too long: left out\n']);
  });

  it('is not kept where it could go nowhere', () => {
    const { request } = boundary();
    const [withToken, without] = [request(arrived), request({ ...arrived, 'txn-token': undefined })];
    expect(Object.keys(withToken)).toEqual(Object.keys(without));
  });
});

describe('what comes in with a request', () => {
  const signed = { traceparent: TRACEPARENT, tracestate: `whence=${SIGNED}`, baggage: 'owner=anna' };
  const unsigned = { ...signed, tracestate: `whence=${RUN}` };
  const seen = (within: Context) => ({
    parent: trace.getSpanContext(within)?.spanId,
    run: runIn(within)?.reference,
    cause: causeIn(within) && [causeIn(within)!.kind, causeIn(within)!.spanContext.spanId],
    baggage: propagation.getBaggage(within)?.getEntry('owner')?.value,
  });
  const nothing = { parent: undefined, run: undefined, cause: undefined, baggage: undefined };
  const linked = { ...nothing, cause: ['call', 'b7ad6b7169203331'] };
  const takenUp = { parent: 'b7ad6b7169203331', cause: undefined, baggage: 'anna' };

  it('is taken up where the reference has a MAC', () => {
    expect(seen(boundary(ISSUER).request(signed))).toEqual({ ...takenUp, run: SIGNED });
  });

  it('is taken up where there is no reference: a trace, and nobody', () => {
    expect(seen(boundary(ISSUER).request({ ...signed, tracestate: 'a=b' }))).toEqual({
      ...takenUp,
      run: undefined,
    });
  });

  it('is linked where there is an issuer, and the reference has no MAC; that is said once', () => {
    const { request, heard } = boundary(ISSUER);
    for (let times = 0; times < 2; times++) expect(seen(request(unsigned))).toEqual(linked);
    expect(heard).toEqual([expect.stringContaining('a reference that no issuer signed')]);
  });

  it('is taken up, as asserted, where there is no issuer', () => {
    const within = boundary().request(unsigned);
    expect(seen(within)).toEqual({ ...takenUp, run: RUN });
    expect(runIn(within)?.assurance).toBe('asserted');
  });

  it.each([signed, unsigned])('is linked, or discarded, where the process is to', (headers) => {
    expect(seen(boundary({ inbound: 'link' }).request(headers))).toEqual(linked);
    expect(seen(boundary({ inbound: 'discard' }).request(headers))).toEqual(nothing);
  });

  it('is nothing where nothing came in', () => {
    for (const inbound of ['verified', 'link', 'discard'] as const) {
      expect(boundary({ inbound }).request({})).toBe(ROOT_CONTEXT);
    }
  });

  it('is the same over gRPC, whose metadata has lists', () => {
    const metadata = (fields: Record<string, string[]>) => ({
      getMap: () => ({}),
      get: (key: string) => fields[key] ?? [],
    });
    const getter = {
      get: (carrier: never, key: string) => (carrier as ReturnType<typeof metadata>).get(key),
      keys: () => [],
    };
    const extract = (options: WhenceOptions, fields: Record<string, string[]>) =>
      new TrustBoundary(readConfig({}, options).config, heardNotices().notices, {
        baggage: true,
        others: [],
      }).extract(ROOT_CONTEXT, metadata(fields), getter);
    const lists = Object.fromEntries(Object.entries(signed).map(([name, value]) => [name, [value]]));
    expect(seen(extract(ISSUER, lists))).toEqual({ ...takenUp, run: SIGNED });
    expect(seen(extract({ inbound: 'link' }, lists))).toEqual(linked);
    expect(seen(extract({ inbound: 'discard' }, lists))).toEqual(nothing);
    expect(seen(extract(ISSUER, {}))).toEqual(nothing);
    expect(
      seen(extract(ISSUER, { ...lists, traceparent: [TRACEPARENT, TRACEPARENT] })).parent,
    ).toBeUndefined();
  });

  it('is not what comes in with a message: that is for whoever takes it up', () => {
    for (const inbound of ['link', 'discard'] as const) {
      expect(seen(boundary({ inbound, ...ISSUER }).message(unsigned))).toEqual({ ...takenUp, run: RUN });
    }
  });
});

describe('OTEL_PROPAGATORS', () => {
  const within = () => callTo('api.acme.internal', withBaggage(inRun()));
  const names = (propagators: string | undefined) =>
    Object.keys(boundary({ propagateTo: ['*.acme.internal'] }, propagators).sent(within())).sort();

  it.each([
    [undefined, ['baggage', 'traceparent', 'tracestate']],
    ['', ['baggage', 'traceparent', 'tracestate']],
    ['tracecontext', ['traceparent', 'tracestate']],
    ['tracecontext, baggage', ['baggage', 'traceparent', 'tracestate']],
    ['baggage', ['baggage', 'traceparent', 'tracestate']],
    ['b3', ['b3', 'traceparent', 'tracestate']],
    ['b3multi', ['traceparent', 'tracestate', 'x-b3-sampled', 'x-b3-spanid', 'x-b3-traceid']],
  ])('as %j', (propagators, expected) => {
    expect(names(propagators)).toEqual(expected);
  });

  it('takes a b3 header up; of both, the one with the reference', () => {
    const { request } = boundary({}, 'b3,tracecontext');
    const b3 = '80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1';
    expect(trace.getSpanContext(request({ b3 }))?.spanId).toBe('e457b5a2e4d86bd1');
    expect(runIn(request({ b3, traceparent: TRACEPARENT, tracestate: `whence=${RUN}` }))?.reference).toBe(
      RUN,
    );
  });

  it('is not trusted more for being b3', () => {
    const { request } = boundary({ inbound: 'link' }, 'b3');
    const within = request({ b3: '80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1' });
    expect(trace.getSpanContext(within)).toBeUndefined();
    expect(causeIn(within)?.spanContext.spanId).toBe('e457b5a2e4d86bd1');
  });

  it('is told of what is not there', () => {
    expect(boundary({}, 'tracecontext,jaeger').heard).toEqual([
      "whence: OTEL_PROPAGATORS names jaeger, which OpenTelemetry's Node SDK does not have: left out\n",
    ]);
    const { notices, heard } = heardNotices();
    expect(namedPropagators('none', notices)).toBeUndefined();
    expect(heard).toHaveLength(1);
  });

  it('names no more fields than a message can carry', () => {
    expect(boundary().fields).toEqual(['traceparent', 'tracestate', 'baggage']);
  });
});

describe('hostile requests', () => {
  const referenceOf = (headers: Record<string, unknown>) => {
    const { request, heard } = boundary(ISSUER);
    return { reference: runIn(request({ traceparent: TRACEPARENT, ...headers }))?.reference, heard };
  };
  const members = (count: number) => Array.from({ length: count }, (_, at) => `m${at}=v${at}`).join(',');

  it('find our member in front of 1,000 others, and behind them', () => {
    for (const tracestate of [`whence=${SIGNED},${members(1000)}`, `${members(40)},whence=${SIGNED}`]) {
      const { reference, heard } = referenceOf({ tracestate });
      expect([reference, heard.length]).toEqual([SIGNED, tracestate.length > 512 ? 1 : 0]);
    }
  });

  it('are in no run where ours comes after 4,096 characters of others', () => {
    const { reference, heard } = referenceOf({ tracestate: `${members(1000)},whence=${SIGNED}` });
    expect([reference, heard.length]).toEqual([undefined, 1]);
  });

  it('are in no run where they name two, and the record has neither', () => {
    const { request, heard } = boundary(ISSUER);
    const other = formatReference({ runId: newRunId() });
    for (const tracestate of [
      `whence=${SIGNED},whence=${other}`,
      `whence=${SIGNED},a=b, whence=${SIGNED}`,
      [`whence=${other}`, `whence=${SIGNED}`],
    ]) {
      const within = request({ traceparent: TRACEPARENT, tracestate });
      expect(runIn(within)).toBeUndefined();
      expect(trace.getSpanContext(within)?.traceState?.get('whence')).toBeUndefined();
    }
    expect(heard).toEqual([
      'whence: tracestate came in with more than one whence member: none is taken for the run\n',
    ]);
  });

  it('are not misled by members that only look like ours', () => {
    const tracestate = `xwhence=${RUN},a=whence=b,whence=${SIGNED},whence@vendor=1`;
    expect(referenceOf({ tracestate }).reference).toBe(SIGNED);
  });

  it.each(['', 'x', `${RUN}.k1`, `${SIGNED}x`, 'a=b', '%00', 'é'])(
    'are in no run where ours is %j',
    (value) => {
      expect(referenceOf({ tracestate: `whence=${value}` }).reference).toBeUndefined();
    },
  );

  it.each([
    ['a wrong version', `ff${TRACEPARENT.slice(2)}`],
    ['a short id', TRACEPARENT.replace('0af7', '')],
    ['upper case', TRACEPARENT.toUpperCase()],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    ['a span id of zeros', `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`],
    ['two', `${TRACEPARENT}, ${TRACEPARENT}`],
    ['control characters', `${TRACEPARENT}\u0000`],
    ['10,000 characters', TRACEPARENT.padEnd(10_000, '-')],
  ])('are in no trace where traceparent has %s, and that is said once', (_, traceparent) => {
    const { request, heard } = boundary(ISSUER);
    for (let times = 0; times < 2; times++) {
      const within = request({ traceparent, tracestate: `whence=${SIGNED}` });
      expect([trace.getSpanContext(within), runIn(within)]).toEqual([undefined, undefined]);
    }
    expect(heard).toEqual([expect.stringContaining('traceparent came in')]);
  });

  it('bring in 8,192 characters of baggage at most, whole members of it', () => {
    const { request, heard } = boundary();
    const baggage = Array.from({ length: 170 }, (_, at) => `k${at}=${'v'.repeat(55)}`).join(',');
    const entries = propagation.getBaggage(request({ baggage }))!.getAllEntries();
    expect(entries.length).toBeGreaterThan(100);
    for (const [, { value }] of entries) expect(value).toBe('v'.repeat(55));
    expect(heard).toEqual(['whence: baggage came in longer than 8192 characters: cut\n']);
  });

  it('never make extract throw, and never bring in more than the bounds', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 600 }),
      fc.constantFrom(
        TRACEPARENT,
        `whence=${SIGNED}`,
        `whence=${RUN}`,
        'whence=',
        ',',
        '=',
        TOKEN,
        'k=v',
        '\r\n',
      ),
      fc.string({ unit: fc.constantFrom(...'whence=,;a0- '), maxLength: 9000 }),
    );
    const text = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''));
    const value = fc.oneof(text, fc.array(text, { maxLength: 4 }), fc.anything());
    const headers = fc.record(
      {
        traceparent: fc.oneof(fc.constant(TRACEPARENT), value),
        tracestate: value,
        baggage: value,
        'txn-token': value,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(headers, fc.constantFrom('verified', 'link', 'discard'), (carrier, inbound) => {
        const { request, message, sent } = boundary({ inbound, ...ISSUER, propagateTo: ['to'] });
        const ofRequest = request(carrier);
        for (const within of [ofRequest, message(carrier)]) {
          const out = sent(callTo('to', within));
          expect((out['tracestate'] ?? '').length).toBeLessThanOrEqual(512);
          if (within === ofRequest) expect(runIn(within)?.assurance).not.toBe('asserted');
          expect((out['baggage'] ?? '').length).toBeLessThanOrEqual(8192);
          expect((out['txn-token'] ?? '').length).toBeLessThanOrEqual(TXN_TOKEN_MAX);
        }
      }),
      { numRuns: 500 },
    );
  });
});
