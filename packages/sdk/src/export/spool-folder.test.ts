import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SpoolFolder } from './spool-folder.ts';

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'whence-sdk-spool-'));
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

const batch = (text: string, spans = 1) => ({ request: Buffer.from(text), spans });
const texts = async (spool: SpoolFolder): Promise<string[]> => {
  const all: string[] = [];
  for (let taken = await spool.takeOldest(); taken !== undefined; taken = await spool.takeOldest()) {
    all.push(Buffer.from(taken.request).toString());
    await taken.remove();
  }
  return all;
};

describe('SpoolFolder', () => {
  it('keeps batches across processes, and gives them back, the oldest first', async () => {
    const before = new SpoolFolder(path, 1 << 20);
    for (const name of ['000000000000001', '000000000000002', '000000000000003'].reverse()) {
      writeFileSync(join(path, `${name}-01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10-7.otlp`), name);
    }
    expect(await before.add(batch('now'))).toEqual({ status: 'kept' });
    const after = new SpoolFolder(path, 1 << 20);
    expect(after.bytes).toBe(4 * 4096);
    expect(await texts(after)).toEqual(['000000000000001', '000000000000002', '000000000000003', 'now']);
    expect([after.bytes, readdirSync(path)]).toEqual([0, []]);
  });

  it('knows how many spans a batch has', async () => {
    const spool = new SpoolFolder(path, 1 << 20);
    spool.addNow(batch('a', 512));
    expect(await spool.takeOldest()).toMatchObject({ spans: 512 });
  });

  it('gives a batch to one taker only', async () => {
    const [here, there] = [new SpoolFolder(path, 1 << 20), new SpoolFolder(path, 1 << 20)];
    for (let i = 0; i < 20; i++) await here.add(batch(`b${i}`));
    const both = (await Promise.all([texts(here), texts(there)])).flat();
    expect(both).toHaveLength(20);
    expect(new Set(both).size).toBe(20);
  });

  it('gives a batch that was put back again', async () => {
    const spool = new SpoolFolder(path, 1 << 20);
    await spool.add(batch('again'));
    await (await spool.takeOldest())!.putBack();
    expect(await texts(spool)).toEqual(['again']);
  });

  it('is bounded, also in the number of files', async () => {
    const spool = new SpoolFolder(path, 3 * 4096);
    for (let i = 0; i < 3; i++) expect((await spool.add(batch('x'))).status).toBe('kept');
    expect(await spool.add(batch('x'))).toEqual({
      status: 'full',
      reason: expect.stringContaining('WHENCE_SPOOL_MAX_BYTES'),
    });
    expect(spool.addNow(batch('x')).status).toBe('full');
    expect(readdirSync(path)).toHaveLength(3);
  });

  it('has room again where another process has sent what was in it', async () => {
    const [here, there] = [new SpoolFolder(path, 4096), new SpoolFolder(path, 4096)];
    await here.add(batch('x'));
    await texts(there);
    expect((await here.add(batch('y'))).status).toBe('kept');
    await texts(there);
    expect(await here.takeOldest()).toBeUndefined();
    expect(here.bytes).toBe(0);
  });

  it('says why it cannot keep a batch, and leaves nothing half written', async () => {
    const spool = new SpoolFolder(path, 1 << 20);
    rmSync(path, { recursive: true });
    writeFileSync(path, 'a file in its place');
    const full = { status: 'full', reason: expect.stringContaining('ENOTDIR') };
    expect(await spool.add(batch('x'))).toMatchObject(full);
    expect(spool.addNow(batch('x'))).toMatchObject(full);
    expect([await spool.takeOldest(), spool.bytes]).toEqual([undefined, 0]);
  });

  it('leaves no empty folder behind, and makes it again where another has removed it', async () => {
    const [here, there] = [new SpoolFolder(path, 1 << 20), new SpoolFolder(path, 1 << 20)];
    here.close();
    expect(existsSync(path)).toBe(false);
    expect((await there.add(batch('x'))).status).toBe('kept');
    there.close();
    expect(readdirSync(path)).toHaveLength(1);
  });

  it('passes over what a process that died was writing, and what is not its own', async () => {
    writeFileSync(join(path, '000000000000001-01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10-7.otlp.new'), 'half');
    writeFileSync(join(path, 'notes.txt'), 'mine');
    expect(await texts(new SpoolFolder(path, 1 << 20))).toEqual([]);
    expect(readdirSync(path)).toHaveLength(2);
  });

  it('takes up what a process that died had taken, after five minutes', async () => {
    const spool = new SpoolFolder(path, 1 << 20);
    await spool.add(batch('taken'));
    const [name] = readdirSync(path);
    renameSync(join(path, name!), join(path, `${name}.taken`));
    expect(await spool.takeOldest()).toBeUndefined();
    const now = Date.now;
    Date.now = () => now() + 6 * 60_000;
    try {
      await spool.takeOldest();
      expect(await texts(spool)).toEqual(['taken']);
    } finally {
      Date.now = now;
    }
  });

  it('says so at once where no folder can be made', () => {
    expect(() => new SpoolFolder('/proc/no/such', 1)).toThrow('ENOENT');
    writeFileSync(join(path, 'file'), '');
    expect(() => new SpoolFolder(join(path, 'file', 'below'), 1)).toThrow('ENOTDIR');
  });

  it('is this user’s alone: what spans hold is nobody else’s to read', () => {
    const made = join(path, 'deep', 'er');
    new SpoolFolder(made, 1);
    expect(statSync(made).mode & 0o777).toBe(0o700);
    const open = join(path, 'open');
    mkdirSync(open);
    chmodSync(open, 0o755);
    expect(() => new SpoolFolder(open, 1)).toThrow('other users');
    if (process.getuid?.() !== 0) return;
    chownSync(made, 4711, 4711);
    expect(() => new SpoolFolder(made, 1)).toThrow('another user');
    expect(() => new SpoolFolder(join(made, 'below'), 1)).toThrow('another user');
  });
});
