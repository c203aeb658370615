import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { takeDown } from './take-down.ts';

/** An answer of ClickHouse's own kind. */
export interface Refusal {
  readonly code: number;
  readonly name: string;
  readonly status?: number;
  /** Only of requests whose body holds this. @default all */
  readonly bodyHolds?: string;
}

/** An HTTP proxy in front of ClickHouse that gives answers of its own to inserts of spans. */
export interface RefusingProxy {
  readonly url: string;
  /** None: requests pass. */
  refusal: Refusal | undefined;
  /** Inserts that were refused. */
  readonly refused: number;
  /** Inserts that went through. */
  readonly passed: number;
}

const INSERTS_SPANS = /INSERT[+%20]+INTO[+%20]+otel_traces\b/;

export const startRefusingProxy = async (storeUrl: string): Promise<RefusingProxy> => {
  const { hostname, port } = new URL(storeUrl);
  const state = { refusal: undefined as Refusal | undefined, refused: 0, passed: 0 };
  const server = createServer(async (request, response) => {
    const body = await buffer(request).catch(() => undefined);
    if (body === undefined) return;
    const { refusal } = state;
    const inserts = INSERTS_SPANS.test(request.url!);
    if (inserts && refusal !== undefined && body.includes(refusal.bodyHolds ?? '')) {
      state.refused++;
      const { code, name, status = 500 } = refusal;
      response.writeHead(status, {
        'X-ClickHouse-Exception-Code': String(code),
        'Content-Type': 'text/plain; charset=UTF-8',
      });
      response.end(`Code: ${code}. DB::Exception: As the test wants it. (${name}) (version 26.7.2.1)\n`);
      return;
    }
    if (inserts) state.passed++;
    const { method, url, headers } = request;
    const { 'transfer-encoding': _, ...kept } = headers;
    const onward = httpRequest(
      { hostname, port, method, path: url, headers: { ...kept, 'content-length': body.length } },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    onward.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  takeDown(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get refusal() {
      return state.refusal;
    },
    set refusal(refusal) {
      state.refusal = refusal;
    },
    get refused() {
      return state.refused;
    },
    get passed() {
      return state.passed;
    },
  };
};
