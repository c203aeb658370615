import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeApi extends AsyncDisposable {
  readonly url: string;
  /** Paths with their queries, in order. */
  readonly asked: readonly string[];
  /** `Authorization` of each, in order. */
  readonly keys: readonly (string | undefined)[];
  /** To every question from now on. @param body sent as JSON; undefined sends text */
  answer(status: number, body: unknown): void;
}

/** The query service at the wire: says what it is told to. */
export const startFakeApi = async (): Promise<FakeApi> => {
  const asked: string[] = [];
  const keys: (string | undefined)[] = [];
  let next: { readonly status: number; readonly body: unknown } = { status: 500, body: {} };
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    keys.push(request.headers.authorization);
    response
      .writeHead(next.status, { 'content-type': 'application/json' })
      .end(next.body === undefined ? 'plain text' : JSON.stringify(next.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    keys,
    answer: (status, body) => {
      next = { status, body };
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
