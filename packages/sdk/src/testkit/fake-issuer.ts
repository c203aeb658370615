import { createSecretKey } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { formatReference, newRunId, parseReference, signReference } from '@whence/model';

const KEY = { kid: 'k1', secret: createSecretKey(Buffer.alloc(32, 7)) };
const TRUST_DOMAIN = 'example.test';

export interface IssuerRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly traceparent: string | undefined;
  readonly idempotencyKey: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: whatever was sent
  readonly body: any;
}

/** Speaks the issuer's wire: starts every run it is asked for, unless told what to answer. */
export interface FakeIssuer {
  readonly url: string;
  readonly requests: IssuerRequest[];
  /** Answers in place of its own, one per request to start or end a run; `undefined` answers as ever. */
  readonly answers: ({ status: number; body: unknown } | 'hang' | undefined)[];
  /** What it states each run with; none unless a test says so. */
  txnToken: string | undefined;
  clear(): void;
  close(): Promise<void>;
}

export const fakeIssuer = async (): Promise<FakeIssuer> => {
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const path = incoming.url ?? '';
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      const { authorization, traceparent } = incoming.headers;
      issuer.requests.push({
        path,
        authorization,
        traceparent: traceparent as string | undefined,
        idempotencyKey: incoming.headers['idempotency-key'] as string | undefined,
        body,
      });
      const answer = issuer.answers.shift();
      if (answer === 'hang') return;
      const { status, body: answered } = answer ?? usual(path, body, issuer.txnToken);
      outgoing.writeHead(status, {
        'content-type': status < 400 ? 'application/json' : 'application/problem+json',
      });
      outgoing.end(JSON.stringify(answered));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer: FakeIssuer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    answers: [],
    txnToken: undefined,
    clear: () => {
      issuer.requests.length = 0;
      issuer.txnToken = undefined;
      issuer.answers.length = 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return issuer;
};

// biome-ignore lint/suspicious/noExplicitAny: whatever was sent
const usual = (path: string, body: any, txnToken: string | undefined): { status: number; body: unknown } => {
  if (path !== '/v1/runs') return { status: 200, body: { run: {} } };
  const id = newRunId();
  const reference = formatReference(signReference(KEY, TRUST_DOMAIN, id));
  const parent = body.parent === undefined ? undefined : parseReference(body.parent);
  const parentId = parent?.status === 'parsed' ? parent.reference.runId : undefined;
  const run = {
    id,
    rootId: parentId ?? id,
    ...(parentId === undefined ? {} : { parentId }),
    path: parentId === undefined ? [] : [parentId],
    job: body.job,
    attempt: body.attempt,
    trigger: body.trigger,
    principal: { id: body.principal ?? 'k8s://test/jobs/nightly', kind: 'scheduler' },
    authority: { kind: 'policy', id: 'policy:nightly-jobs@3' },
    assurance: 'verified',
    tenant: 'default',
    startedAt: new Date().toISOString(),
  };
  return { status: 201, body: { run, reference, traceState: `whence=${reference}`, txnToken } };
};
