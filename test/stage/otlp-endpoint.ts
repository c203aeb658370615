import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type OtlpSpan, requestFrom } from './otlp-request.ts';

/** Somebody else's OTLP/HTTP back end: what it was sent, and how it answers. */
export interface OtlpEndpoint {
  readonly url: string;
  readonly requests: readonly {
    readonly path: string;
    readonly body: Buffer;
    readonly headers: NodeJS.Dict<string | string[]>;
  }[];
  /** Every span that it took, by the time it came. */
  readonly spans: () => OtlpSpan[];
  /** @param status the answer to everything from now on @param headers beside it */
  answer(status: number, headers?: Record<string, string>): void;
  /** Takes so many requests more, and answers 503 from then on. */
  takeOnly(count: number): void;
  /** Goes away: connections are refused until `back`. */
  away(): Promise<void>;
  back(): Promise<void>;
}

export const startOtlpEndpoint = async (): Promise<OtlpEndpoint> => {
  const requests: { path: string; body: Buffer; headers: NodeJS.Dict<string | string[]>; status: number }[] =
    [];
  let answer = { status: 200, headers: {} as Record<string, string> };
  let left = Number.POSITIVE_INFINITY;
  const server: Server = createServer(async (request, response) => {
    const body = await buffer(request);
    if (left-- === 0) answer = { status: 503, headers: {} };
    requests.push({ path: request.url!, body, headers: request.headers, status: answer.status });
    response.writeHead(answer.status, { 'content-type': 'application/x-protobuf', ...answer.headers }).end();
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
  await listen(0);
  server.unref();
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    spans: () =>
      requests
        .filter(({ path, status }) => path === '/v1/traces' && status === 200)
        .flatMap(({ body }) => requestFrom(body).resourceSpans)
        .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    answer: (status, headers = {}) => {
      answer = { status, headers };
      left = Number.POSITIVE_INFINITY;
    },
    takeOnly: (count) => {
      answer = { status: 200, headers: {} };
      left = count;
    },
    away: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    back: () => listen(port),
  };
};
