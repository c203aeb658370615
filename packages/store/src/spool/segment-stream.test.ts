import { randomFillSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SegmentStream } from './segment-stream.ts';

const directory = mkdtempSync(join(tmpdir(), 'whence-stream-'));
const path = join(directory, 'segment');
const content = randomFillSync(Buffer.alloc(3_000_000));

beforeAll(() => writeFileSync(path, content));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Takes one chunk at a time, as slowly as it is told, and copies it only when it is done with it. */
const slowCopy = (delayMillis: number) => {
  const copies: Buffer[] = [];
  const sink = new Writable({
    highWaterMark: 1,
    write: (chunk: Buffer, _encoding, done) => {
      setTimeout(() => {
        copies.push(Buffer.from(chunk));
        done();
      }, delayMillis);
    },
  });
  return { sink, bytes: () => Buffer.concat(copies) };
};

it('gives the parts in order, whole, to a consumer that is slow', async () => {
  const extents = [
    { start: 0, end: 1_000_000 },
    { start: 1_000_001, end: 1_000_002 },
    { start: 2_000_000, end: 3_000_000 },
  ];
  const { sink, bytes } = slowCopy(3);
  await pipeline(new SegmentStream(path, extents), sink);
  const expected = Buffer.concat(extents.map(({ start, end }) => content.subarray(start, end)));
  expect(bytes().equals(expected)).toBe(true);
});

it('gives any parts', async () => {
  const part = fc.tuple(fc.nat(content.length), fc.nat(content.length));
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 4 }), async (parts) => {
      const extents = parts
        .map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }))
        .filter(({ start, end }) => start < end);
      const { sink, bytes } = slowCopy(0);
      await pipeline(new SegmentStream(path, extents), sink);
      expect(
        bytes().equals(Buffer.concat(extents.map(({ start, end }) => content.subarray(start, end)))),
      ).toBe(true);
    }),
    { numRuns: 15 },
  );
});

it('sends the file as it is over a socket whose other side reads in fits and starts', async () => {
  const received: Buffer[] = [];
  const server = createServer((incoming, answer) => {
    incoming.on('data', (chunk: Buffer) => {
      received.push(chunk);
      incoming.pause();
      setTimeout(() => incoming.resume(), Math.random() * 4);
    });
    incoming.on('end', () => answer.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const post = request({
    port,
    host: '127.0.0.1',
    method: 'POST',
    createConnection: () => connect(port, '127.0.0.1'),
  });
  const answered = new Promise((resolve) => post.on('response', resolve));
  await pipeline(new SegmentStream(path, [{ start: 0, end: content.length }]), post);
  await answered;
  await new Promise((resolve) => server.close(resolve));
  expect(Buffer.concat(received).equals(content)).toBe(true);
});

it('fails where the file is shorter, or is not there', async () => {
  const { sink } = slowCopy(0);
  await expect(
    pipeline(new SegmentStream(path, [{ start: 0, end: content.length + 1 }]), sink),
  ).rejects.toThrow(/ends at 3000000/);
  const other = slowCopy(0);
  await expect(pipeline(new SegmentStream(`${path}x`, [{ start: 0, end: 1 }]), other.sink)).rejects.toThrow(
    /ENOENT/,
  );
});
