import { createSecretKey } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import {
  createAuthenticator,
  createIssuer,
  newKey,
  parseEndRequest,
  parseStartRequest,
  type RunRecord,
  readCredentials,
} from '@whence/identity';
import { type ReceivedSpan, spansIn } from './otlp-spans.ts';

export interface FakeCollector extends AsyncDisposable {
  readonly url: string;
  /** A key that may run `nightly-*`, as one principal. */
  readonly key: string;
  readonly records: readonly RunRecord[];
  readonly spans: readonly ReceivedSpan[];
  /** The `Authorization` headers with which spans came. */
  readonly spanSenders: ReadonlySet<string | undefined>;
}

/** The collector as a workload sees it: the issuer's rules and an OTLP receiver over HTTP, both in memory. */
export const startFakeCollector = async (): Promise<FakeCollector> => {
  const { key, hash } = newKey('wrapper');
  const set = readCredentials(
    JSON.stringify({
      trustDomain: 'test',
      keys: [
        {
          id: 'wrapper',
          hash,
          actor: 'k8s://test/jobs/wrapper',
          grants: [
            {
              principal: { id: 'k8s://test/jobs/nightly', kind: 'scheduler' },
              jobs: ['nightly-*'],
              authority: 'policy:nightly@3',
            },
          ],
        },
      ],
    }),
    'test',
  );
  const { authenticate } = createAuthenticator(set);
  const secret = createSecretKey(Buffer.alloc(32, 5));
  const records: RunRecord[] = [];
  const spans: ReceivedSpan[] = [];
  const spanSenders = new Set<string | undefined>();
  const issuer = createIssuer({
    macKey: { kid: 'k1', secret },
    trust: { trustDomain: 'test', keys: new Map([['k1', secret]]) },
    journal: {
      append: async (record) => void records.push(record),
      find: async (_, runId) => records.findLast(({ run }) => run.id === runId)?.run,
    },
    mint: async () => 'a.token.x',
  });

  const answer = async (request: IncomingMessage, body: Buffer): Promise<[status: number, body: unknown]> => {
    if (request.url === '/v1/traces') {
      spanSenders.add(request.headers.authorization);
      spans.push(...spansIn(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body));
      return [200, {}];
    }
    const who = await authenticate({ authorization: request.headers.authorization });
    if (who.status !== 'authenticated') return [401, { code: 'unauthenticated', detail: 'no such key' }];
    const json: unknown = JSON.parse(body.toString('utf8'));
    const ending = /^\/v1\/runs\/([^/]+)\/end$/.exec(request.url ?? '')?.[1];
    if (ending === undefined) {
      const parsed = parseStartRequest(json);
      const result = parsed.status === 'parsed' ? await issuer.start(who.credential, parsed.request) : parsed;
      return [result.status === 'started' ? 201 : 403, result];
    }
    const parsed = parseEndRequest(json);
    const result =
      parsed.status === 'parsed' ? await issuer.end(who.credential, ending, parsed.request) : parsed;
    return [result.status === 'ended' ? 200 : 409, result];
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      answer(request, Buffer.concat(chunks)).then(
        ([status, body]) => send(response, status, body),
        (error: Error) => send(response, 500, { detail: error.message }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    key,
    records,
    spans,
    spanSenders,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const send = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};
