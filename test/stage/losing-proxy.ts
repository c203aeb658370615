import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { takeDown } from './take-down.ts';

/** An HTTP proxy in front of the issuer that loses answers: the request has been answered, and nobody hears of it. */
export interface LosingProxy {
  readonly url: string;
  /** So many answers are still to be lost. */
  toLose: number;
  /** Answers that were lost, as they were. */
  readonly lost: readonly string[];
}

export const startLosingProxy = async (target: string): Promise<LosingProxy> => {
  const lost: string[] = [];
  const state = { toLose: 0 };
  const server = createServer(async (request, response) => {
    const answer = await fetch(`${target}${request.url}`, {
      method: request.method!,
      headers: Object.entries(request.headers).filter(([name]) => PASSED_ON.has(name)) as [string, string][],
      body: await bodyOf(request),
    });
    const text = await answer.text();
    if (state.toLose > 0) {
      state.toLose -= 1;
      lost.push(text);
      response.destroy();
      return;
    }
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  takeDown(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lost,
    get toLose() {
      return state.toLose;
    },
    set toLose(count) {
      state.toLose = count;
    },
  };
};

const PASSED_ON = new Set(['authorization', 'content-type', 'idempotency-key']);

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};
