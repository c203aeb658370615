import { createServer, get, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { formatReference, newRunId } from '@whence/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ActionIds,
  type CarrierStage,
  REGISTER,
  type Side,
  startSide,
  theStage,
} from './carrier-matrix.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;
const runReference = (): string => formatReference({ runId: newRunId() });
const forged = (): string => `${runReference()}.k1.AAAAAAAAAAAAAAAA`;
const members = (count: number): string => Array.from({ length: count }, (_, at) => `m${at}=v`).join(',');

let stage: CarrierStage;
beforeAll(async () => {
  stage = await theStage();
});

interface Service {
  readonly http: string;
  readonly grpc: string;
  readonly side: Side;
}

const startService = async (environment: Record<string, string>): Promise<Service> => {
  const side = startSide('boundary', 'far', 'esm.mjs', REGISTER, {
    ...stage.environment('far'),
    NODE_OPTIONS: '--max-http-header-size=1000000',
    ...environment,
  });
  const { ready } = (await side.said()) as { ready: { http: string; grpc: string } };
  return { ...ready, side };
};

const asked = (url: string, headers: OutgoingHttpHeaders = {}): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, (response) =>
      response.resume().on('end', () => resolve(response.statusCode)),
    ).on('error', reject);
  });

const called = (address: string, fields: Readonly<Record<string, readonly string[]>>): Promise<void> =>
  new Promise((resolve, reject) => {
    const metadata = new Metadata();
    for (const [name, values] of Object.entries(fields))
      for (const value of values) metadata.add(name, value);
    const client = new Client(address, credentials.createInsecure());
    const bytes = (value: Buffer): Buffer => value;
    client.makeUnaryRequest('/fx.Rates/unary', bytes, bytes, Buffer.from('?'), metadata, (error) => {
      client.close();
      if (error === null) resolve();
      else reject(error);
    });
  });

/** How it ended, and what it had to say. */
const ended = async ({ http, side }: Service) => {
  await asked(`${http}/end`);
  return side.ended;
};

const HOSTILE: readonly (readonly [string, OutgoingHttpHeaders, 'refuted' | 'none'])[] = [
  ['a forged reference', { tracestate: `whence=${forged()}` }, 'refuted'],
  ['a reference that is none', { tracestate: 'whence=AAAA' }, 'refuted'],
  ['another vendor named like us', { tracestate: 'whence@other=1,xwhence=2' }, 'none'],
  ['a reference that nobody signed', { tracestate: `whence=${runReference()}` }, 'none'],
  ['two references', { tracestate: `whence=${forged()},whence=${forged()}` }, 'none'],
  ['two tracestate headers', { tracestate: [`whence=${forged()}`, `whence=${forged()}`] }, 'none'],
  ['a reference with =', { tracestate: `whence=${forged()}=` }, 'none'],
  ['1,000 members', { tracestate: `${members(1000)},whence=${forged()}` }, 'none'],
  ['10 kB in one member', { tracestate: `a=${'x'.repeat(10_000)},whence=${forged()}` }, 'none'],
  ['1,000 members behind ours', { tracestate: `whence=${forged()},${members(1000)}` }, 'refuted'],
  ['a duplicate member', { tracestate: `a=1,whence=${forged()},a=2,a=3` }, 'refuted'],
  [
    '10,000 characters of baggage',
    { tracestate: `whence=${forged()}`, baggage: `a=${'x'.repeat(9998)}` },
    'refuted',
  ],
  ['3,000 baggage members', { baggage: members(3000) }, 'none'],
  ['a Txn-Token of 100 kB', { 'txn-token': `a.${'b'.repeat(100_000)}.c` }, 'none'],
  [
    'a traceparent of another version',
    { traceparent: `ff${TRACEPARENT.slice(2)}`, tracestate: `whence=${forged()}` },
    'none',
  ],
  [
    'a traceparent that is too short',
    { traceparent: TRACEPARENT.slice(0, 40), tracestate: `whence=${forged()}` },
    'none',
  ],
  [
    'a traceparent in capitals',
    { traceparent: TRACEPARENT.toUpperCase(), tracestate: `whence=${forged()}` },
    'none',
  ],
  [
    'a traceparent of zeros',
    { traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`, tracestate: `whence=${forged()}` },
    'none',
  ],
  ['two traceparents', { traceparent: [TRACEPARENT, TRACEPARENT], tracestate: `whence=${forged()}` }, 'none'],
];

const asLists = (headers: OutgoingHttpHeaders): Record<string, readonly string[]> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value : [`${value}`]]),
  );

describe('a service that is sent', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ WHENCE_PROPAGATE_TO: '*.acme.internal' });
  });
  afterAll(async () => {
    const { code, stderr } = await ended(service);
    const lines = stderr.trimEnd().split('\n');
    expect(code).toBe(0);
    expect(lines.every((line) => line.startsWith('whence: '))).toBe(true);
    expect(lines.map((line) => line.replace(/ came (in|with).*/, '')).sort()).toEqual([
      'whence: Txn-Token',
      'whence: a request',
      'whence: baggage',
      'whence: traceparent',
      'whence: tracestate',
    ]);
  });

  it.each(HOSTILE)(
    '%s, over HTTP, does its work, and the record proves nothing',
    async (_, headers, assurance) => {
      expect(await asked(service.http, { traceparent: TRACEPARENT, ...headers })).toBe(200);
      const { action } = await stage.who((await service.side.said()) as ActionIds);
      expect(action.assurance).toBe(assurance);
    },
  );

  it.each(HOSTILE.filter(([what]) => !what.includes('100 kB')))(
    '%s, over gRPC, does its work, and the record proves nothing',
    async (_, headers, assurance) => {
      await called(service.grpc, asLists({ traceparent: TRACEPARENT, ...headers }));
      const { action } = await stage.who((await service.side.said()) as ActionIds);
      expect(action.assurance).toBe(assurance);
    },
  );

  it('control characters, answers 400 as Node does, and goes on', async () => {
    const { port } = new URL(service.http);
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () =>
        socket.write(`GET / HTTP/1.1\r\nhost: a\r\ntracestate: whence=\u0001\r\n\r\n`),
      );
      socket.once('data', (data) => {
        socket.destroy();
        resolve(`${data}`);
      });
    });
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(await asked(service.http)).toBe(200);
    await service.side.said();
  });
});

describe.each(['verified', 'link', 'discard'] as const)('a service with the policy %s', (inbound) => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ WHENCE_INBOUND: inbound });
  });
  afterAll(async () => {
    expect(await ended(service)).toEqual({ code: 0, stderr: '' });
  });

  it.each(['http', 'grpc'] as const)('is called in a run, over %s', async (app) => {
    const near = startSide(app, 'near', 'esm.mjs', REGISTER, {
      ...stage.environment('near'),
      FAR: service[app],
      GRPC_CALL: 'unary',
    });
    const cause = (await near.said()) as ActionIds & { runId: string };
    await near.ended;
    const answer = await stage.who((await service.side.said()) as ActionIds);
    const chain = answer.chain.map((link: { action: ActionIds }) => link.action.spanId);
    expect({
      assurance: answer.action.assurance,
      sameTrace: answer.action.traceId === cause.traceId,
      run: answer.run?.id === cause.runId,
      leadsBack: chain.includes(cause.spanId),
    }).toEqual(
      {
        verified: { assurance: 'verified', sameTrace: true, run: true, leadsBack: true },
        link: { assurance: 'none', sameTrace: false, run: false, leadsBack: true },
        discard: { assurance: 'none', sameTrace: false, run: false, leadsBack: false },
      }[inbound],
    );
  });
});

describe.each([
  ['is on the list', '127.0.0.1', true],
  ['is not', '*.acme.internal', false],
])('a host that %s', (_, propagateTo, listed) => {
  it.each(['http', 'fetch'])('is sent the token of the run accordingly, by %s', async (app) => {
    const seen: IncomingHttpHeaders[] = [];
    const server = createServer(({ headers }, response) => {
      seen.push(headers);
      response.setHeader('connection', 'close').end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const near = startSide(app, 'near', 'esm.mjs', REGISTER, {
      ...stage.environment('near'),
      WHENCE_PROPAGATE_TO: propagateTo,
      FAR: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    });
    const { runId, reference } = (await near.said()) as { runId: string; reference: string };
    expect(await near.ended).toEqual({ code: 0, stderr: '' });
    server.close();
    expect(seen).toHaveLength(1);
    expect(seen[0]!['tracestate']).toBe(`whence=${reference}`);
    const token = seen[0]!['txn-token'] as string | undefined;
    const claims = token && Buffer.from(token.split('.')[1]!, 'base64url').toString('utf8');
    expect(claims === undefined ? undefined : JSON.parse(claims)).toEqual(
      listed ? expect.objectContaining({ txn: runId }) : undefined,
    );
  });
});
