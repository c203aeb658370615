import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { beforeAll, expect, it } from 'vitest';
import { type CollectorProcess, startCollector, storeOpen } from './stage/collector-process.ts';
import { eventually } from './stage/eventually.ts';
import { expectLedgerHeld, Ledger, startLoad } from './stage/ledger.ts';
import { newSpans, protobufOf, requestWith } from './stage/otlp-request.ts';
import { residentBytesOf } from './stage/process-memory.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';
import { takeDown } from './stage/take-down.ts';

/** Of a process: ours and the collector's. */
const OPEN_FILES = 11_000;
const openFilesMax = Number(
  /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1],
);
const tooFewFiles =
  openFilesMax < OPEN_FILES
    ? `10,000 connections need ${OPEN_FILES} files, ${openFilesMax} may be open`
    : undefined;
if (tooFewFiles !== undefined) {
  if (process.env['CI'] === 'true') throw new Error(`${tooFewFiles}: ulimit -Hn ${OPEN_FILES}`);
  console.warn(`skipped: ${tooFewFiles}`);
}

let store: StoreProcess;
let database: string;
let collector: CollectorProcess;
const ledger = new Ledger();
beforeAll(async () => {
  store = await startStore();
  database = store.newDatabase();
  collector = await startCollector({ storeUrl: store.url, database });
  await storeOpen(collector.url);
});

const sockets = new Set<Socket>();
takeDown(() => {
  for (const socket of sockets) socket.destroy();
});

const dial = (): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(collector.url).port), '127.0.0.1');
    sockets.add(socket);
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });

const dialMany = (count: number): Promise<Socket[]> => Promise.all(Array.from({ length: count }, dial));

/** No more than wait to be accepted at a time. */
const AT_ONCE = 500;

const headOf = (length: number): string =>
  `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: ${length}\r\n\r\n`;

/** Linux. */
const openFilesOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

const SERVED_WITHIN_MILLIS = 5_000;

const expectServed = async (): Promise<void> => {
  const began = performance.now();
  for (let i = 0; i < 5; i++) expect(await ledger.send(collector.url, newSpans(2))).toBe(200);
  expect(performance.now() - began).toBeLessThan(SERVED_WITHIN_MILLIS);
};

/** While `bother` is there others are served; when it has gone, its connections have gone too, and no memory with them. */
const expectUnbothered = async (bother: () => Promise<() => unknown>): Promise<void> => {
  await expectServed();
  const files = openFilesOf(collector.pid);
  const bytes = residentBytesOf(collector.pid);
  const stop = await bother();
  await expectServed();
  await stop();
  // A few files come and go: segments, and the connection to the store.
  await eventually(() => openFilesOf(collector.pid) <= files + 10, {
    otherwise: () => `${openFilesOf(collector.pid)} open files, ${files} before`,
  });
  await expectServed();
  expect(residentBytesOf(collector.pid) - bytes).toBeLessThan(200 << 20);
};

const destroy = (all: readonly Socket[]) => (): void => {
  for (const socket of all) socket.destroy();
};

it('200 clients that go away in the middle of a body: nothing of it is kept', async () => {
  const spans = newSpans(200, { name: 'cut off' });
  const body = protobufOf(requestWith(spans));
  await expectUnbothered(async () => {
    const clients = await dialMany(200);
    for (const [i, client] of clients.entries()) {
      client.write(headOf(body.length));
      client.write(body.subarray(0, (body.length * i) / clients.length));
    }
    return () => {
      for (const [i, client] of clients.entries()) i % 2 === 0 ? client.resetAndDestroy() : client.destroy();
    };
  });
  for (const { spanId } of spans) ledger.refused.add(spanId);
});

it('clients that never read their answers', async () => {
  // Answers of several megabytes for each: more than the buffers of a connection hold.
  const request = Buffer.from('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
  await expectUnbothered(async () => {
    const clients = await dialMany(20);
    for (const client of clients) {
      client.pause();
      client.write(Buffer.alloc(1_000 * request.length, request));
    }
    return destroy(clients);
  });
});

it.skipIf(tooFewFiles !== undefined)(
  '10,000 connections that say nothing: others are served, and after 10 s they are cut off',
  async () => {
    const count = 10_000;
    await expectUnbothered(async () => {
      const before = residentBytesOf(collector.pid);
      let cut = 0;
      for (let dialled = 0; dialled < count; dialled += AT_ONCE) {
        for (const client of await dialMany(AT_ONCE)) client.resume().once('close', () => cut++);
      }
      await eventually(() => openFilesOf(collector.pid) > count, { withinMillis: 2_000 });
      expect(residentBytesOf(collector.pid) - before).toBeLessThan(300 << 20);
      return () =>
        eventually(() => cut === count, {
          withinMillis: 15_000,
          otherwise: () => `${cut} of ${count} were cut off`,
        });
    });
  },
);

it('200 clients that send a byte of their headers now and then are cut off within 15 s; load goes on meanwhile', async () => {
  const clients = await dialMany(200);
  let cut = 0;
  for (const client of clients) client.once('close', () => cut++);
  const head = headOf(10);
  let at = 0;
  const drip = setInterval(() => {
    for (const client of clients) client.write(head[at % 20]!);
    at++;
  }, 500);
  const load = startLoad(() => collector.url, ledger, 1, 20);
  try {
    await eventually(() => cut === clients.length, {
      withinMillis: 15_000,
      otherwise: () => `${cut} of ${clients.length} were cut off`,
    });
  } finally {
    clearInterval(drip);
    await load.stop();
  }
  expect(ledger.unanswered.size).toBe(0);
});

it('of all that, the store holds what was acknowledged, once', async () => {
  await expectLedgerHeld(ledger, store, database, collector.url);
});
