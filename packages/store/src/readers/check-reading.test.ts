import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore } from '../open.ts';
import { checkReading } from './check-reading.ts';
import { openTemporaryStore, type TemporaryStore } from './temporary-store.fixture.ts';

let temporary: TemporaryStore;

beforeAll(async () => {
  temporary = await openTemporaryStore();
});

afterAll(() => temporary?.remove());

const DENIED =
  "Code: 497. DB::Exception: reader: Not enough privileges. To execute this query, it's necessary to have the grant CREATE TEMPORARY TABLE ON *.*. (ACCESS_DENIED)";

/** A server that lets its user do everything but use table functions. */
const withoutTheRight: RequestListener = async (request, response) => {
  const sql = await text(request);
  if (`${sql}${request.url}`.includes('mergeTreeProjection')) {
    response.writeHead(403, { 'X-ClickHouse-Exception-Code': '497' }).end(DENIED);
    return;
  }
  const { method = 'POST', url = '/' } = request;
  const headers = { 'content-type': 'text/plain' };
  const answer = await fetch(new URL(url, temporary.store.url), {
    method,
    headers,
    ...(method === 'POST' ? { body: sql } : {}),
  });
  response.writeHead(answer.status).end(await answer.text());
};

const listening = async (listener: RequestListener): Promise<Server> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};

test('whoever may is not told of it', async () => {
  await expect(checkReading(temporary.store)).resolves.toBeUndefined();
});

test('whoever may not is told what to grant, at the start', async () => {
  const server = await listening(withoutTheRight);
  const store = await openStore({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  await expect(checkReading(store)).rejects.toMatchObject({
    code: 'store_refused',
    message: expect.stringMatching(/code 497.*GRANT CREATE TEMPORARY TABLE ON \*\.\*.*whence\.\*/s),
  });
  await store.close();
  server.close();
});
