import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { heardNotices } from '../testkit/heard-notices.ts';
import { Outbox } from './outbox.ts';
import type { Sender, Sent } from './sender.ts';
import { SpanLosses } from './span-losses.ts';
import { SpoolFolder } from './spool-folder.ts';

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'whence-sdk-outbox-'));
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

/** A receiver that is there or away, as the test says, and keeps what it took. */
const receiver = (answer: Sent['status'] = 'taken') => {
  const taken: string[] = [];
  const self = {
    answer,
    taken,
    send: async (request: Uint8Array): Promise<Sent> => {
      if (self.answer === 'away') return { status: 'away', reason: 'ECONNREFUSED' };
      if (self.answer === 'refused') return { status: 'refused', reason: '400' };
      taken.push(Buffer.from(request).toString());
      return { status: 'taken', rejected: 0, reason: '' };
    },
  };
  return self;
};

const outboxTo = (sender: Sender, { maxBytes = 1 << 20, spooled = true } = {}) => {
  const { notices, heard } = heardNotices();
  const losses = new SpanLosses(notices);
  let settled = 0;
  const spool = spooled ? new SpoolFolder(path, maxBytes) : undefined;
  const outbox = new Outbox(sender, spool, losses, (spans) => {
    settled += spans;
  });
  const put = (...names: string[]) => {
    for (const name of names) outbox.put({ request: Buffer.from(name), spans: 1 });
  };
  return { outbox, losses, heard, put, settled: () => settled };
};

const onDisk = () => readdirSync(path).filter((name) => name.endsWith('.otlp')).length;

describe('an outbox with a spool', () => {
  it('puts on disk what the receiver does not take, which is then held in memory no longer', async () => {
    const { outbox, put, settled, heard, losses } = outboxTo(receiver('away'));
    put('a', 'b', 'c');
    await outbox.flush();
    expect([onDisk(), settled(), losses.total]).toEqual([3, 3, 0]);
    expect(heard).toEqual([expect.stringContaining('ECONNREFUSED'), expect.stringContaining(path)]);
  });

  it('sends what is on disk when the receiver is back, the oldest first', async () => {
    const there = receiver('away');
    const { outbox, put } = outboxTo(there);
    for (const [index, name] of ['a', 'b', 'c'].entries()) {
      put(name);
      await expect.poll(onDisk).toBe(index + 1);
    }
    there.answer = 'taken';
    await outbox.flush();
    expect([there.taken, onDisk()]).toEqual([['a', 'b', 'c'], 0]);
  });

  it('sends what is new beside what waits', async () => {
    const there = receiver('away');
    const { outbox, put } = outboxTo(there);
    put('waits');
    await expect.poll(onDisk).toBe(1);
    there.answer = 'taken';
    put('new');
    await outbox.flush();
    await expect.poll(() => there.taken.toSorted()).toEqual(['new', 'waits']);
  });

  it('sends by itself what an earlier process left', async () => {
    const away = outboxTo(receiver('away'));
    away.put('left');
    await away.outbox.flush();
    const there = receiver();
    outboxTo(there);
    await expect.poll(() => there.taken, { timeout: 5000 }).toEqual(['left']);
  });

  it('tries again by itself', async () => {
    const there = receiver('away');
    const { outbox, put } = outboxTo(there);
    put('a');
    await outbox.flush();
    there.answer = 'taken';
    await expect.poll(() => there.taken, { timeout: 5000 }).toEqual(['a']);
  });

  it('holds in memory what no longer fits on disk, and says so once', async () => {
    const there = receiver('away');
    const { outbox, put, settled, heard } = outboxTo(there, { maxBytes: 2 * 4096 });
    put('a', 'b', 'c', 'd');
    await expect.poll(settled).toBe(2);
    await expect.poll(() => heard.filter((line) => line.includes('WHENCE_SPOOL_MAX_BYTES')).length).toBe(1);
    there.answer = 'taken';
    await outbox.flush();
    await expect.poll(() => there.taken.toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(settled()).toBe(4);
  });

  it('lets nothing be held up by a batch that the receiver always fails at', async () => {
    const there = receiver('away');
    const { outbox, put } = outboxTo({
      send: (request) =>
        Buffer.from(request).toString() === 'poison'
          ? Promise.resolve({ status: 'away', reason: '500' })
          : there.send(request),
    });
    for (const [index, name] of ['poison', 'b', 'c'].entries()) {
      put(name);
      await expect.poll(onDisk).toBe(index + 1);
    }
    there.answer = 'taken';
    for (let i = 0; i < 4; i++) await outbox.flush();
    expect(there.taken).toEqual(['b', 'c']);
    put('d');
    await expect.poll(() => there.taken.at(-1), { timeout: 5000 }).toBe('d');
    expect(onDisk()).toBe(1);
  });

  it('loses what is on disk and refused, counts it, and goes on', async () => {
    const there = receiver('away');
    const { outbox, put, losses } = outboxTo(there);
    put('a', 'b');
    await outbox.flush();
    there.answer = 'refused';
    await outbox.flush();
    expect([losses.total, onDisk()]).toEqual([2, 0]);
  });

  it('puts what is under way and what waits on disk at the end, waiting for nothing', () => {
    const { outbox, put, settled } = outboxTo({ send: () => new Promise(() => {}) });
    put('a', 'b', 'c', 'd', 'e', 'f');
    outbox.spill();
    expect([onDisk(), settled()]).toEqual([6, 6]);
  });
});

describe('an outbox without a spool', () => {
  it('waits in memory, and delivers in order', async () => {
    const there = receiver('away');
    const { outbox, put, settled } = outboxTo(there, { spooled: false });
    put('a', 'b', 'c');
    void outbox.flush();
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled()).toBe(0);
    there.answer = 'taken';
    await outbox.flush();
    expect([there.taken.toSorted(), settled()]).toEqual([['a', 'b', 'c'], 3]);
  });
});
