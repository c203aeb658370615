import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { formatReference, newRunId, parseReference, signReference, verifyReference } from '@whence/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MacKeys, openMacKeys } from './mac-keys.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'whence-mac-keys-'));
  path = join(folder, 'mac-keys.json');
});
afterEach(() => rm(folder, { recursive: true }));

const SECRET = Buffer.alloc(32, 7).toString('base64');
const write = async (content: unknown, mode = 0o600): Promise<void> => {
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  await chmod(path, mode);
};
const exported = ({ active, keys }: MacKeys) => ({
  active: active.kid,
  keys: Object.fromEntries([...keys].map(([kid, key]) => [kid, key.export().toString('base64')])),
});

describe('openMacKeys', () => {
  it('creates a file with one fresh key, for its owner alone, and leaves nothing else behind', async () => {
    const made = await openMacKeys(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['mac-keys.json']);
    expect(exported(made)).toEqual(JSON.parse(await readFile(path, 'utf8')));
    expect(made.active.kid).toBe('k1');
    expect(made.active.secret.symmetricKeySize).toBe(32);
    expect(exported(await openMacKeys(path))).toEqual(exported(made));
  });

  it('keeps to 0600 under any umask', async () => {
    const before = process.umask(0);
    try {
      await openMacKeys(path);
    } finally {
      process.umask(before);
    }
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('makes another key each time', async () => {
    const other = join(folder, 'other.json');
    expect(exported(await openMacKeys(path))).not.toEqual(exported(await openMacKeys(other)));
  });

  it('reads retired keys too, and is what references are checked against', async () => {
    const old = Buffer.alloc(32, 9).toString('base64');
    await write({ active: 'k2', keys: { k1: old, k2: SECRET } });
    const { active, keys } = await openMacKeys(path);
    expect([active.kid, [...keys.keys()]]).toEqual(['k2', ['k1', 'k2']]);

    const trust = { trustDomain: 'bank.example', keys };
    for (const [kid, secret] of keys) {
      const text = formatReference(signReference({ kid, secret }, 'bank.example', newRunId()));
      const parsed = parseReference(text);
      expect(parsed.status === 'parsed' && verifyReference(parsed.reference, trust)).toEqual({
        assurance: 'verified',
      });
    }
  });

  it.each([0o604, 0o660, 0o644, 0o601, 0o620, 0o650, 0o444])('refuses a file of mode %o', async (mode) => {
    await write({ active: 'k1', keys: { k1: SECRET } }, mode);
    await expect(openMacKeys(path)).rejects.toMatchObject({
      code: 'mac_keys_exposed',
      message: expect.stringContaining(`mode 0${mode.toString(8)}`),
    });
  });

  it.each([0o440, 0o640, 0o400])('reads a file of mode %o of its own group', async (mode) => {
    await write({ active: 'k1', keys: { k1: SECRET } }, mode);
    expect((await openMacKeys(path)).active.kid).toBe('k1');
  });

  it.each([
    ['no JSON', '{'],
    ['nothing', ''],
    ['an active key that is not there', { active: 'k2', keys: { k1: SECRET } }],
    ['an active key that every object has', { active: 'toString', keys: { k1: SECRET } }],
    ['no keys', { active: 'k1', keys: {} }],
    ['a key of 16 bytes', { active: 'k1', keys: { k1: Buffer.alloc(16).toString('base64') } }],
    ['text that is not base64', { active: 'k1', keys: { k1: `${SECRET.slice(0, -2)}!=` } }],
    ['a key id that fits no reference', { active: 'Key-1', keys: { 'Key-1': SECRET } }],
    ['a field too many', { active: 'k1', keys: { k1: SECRET }, note: 'x' }],
  ])('refuses %s, and repeats no secret', async (_, content) => {
    await write(content);
    const error = await openMacKeys(path).catch((reason: Error) => reason);
    expect(error).toMatchObject({ code: 'mac_keys_invalid', message: expect.stringContaining(path) });
    expect((error as Error).message).not.toContain(SECRET.slice(0, 20));
  });

  it('says where it cannot create the file, and does not make folders up', async () => {
    const astray = join(folder, 'no-such-folder', 'mac-keys.json');
    await expect(openMacKeys(astray)).rejects.toMatchObject({
      code: 'mac_keys_unavailable',
      message: expect.stringContaining('no-such-folder'),
    });
    await expect(openMacKeys(folder)).rejects.toMatchObject({ code: 'mac_keys_unavailable' });
  });

  it('ends with one key set where many open it at once', async () => {
    const opened = await Promise.all(Array.from({ length: 16 }, () => openMacKeys(path)));
    expect(new Set(opened.map((keys) => JSON.stringify(exported(keys)))).size).toBe(1);
    expect(exported(opened[0]!)).toEqual(JSON.parse(await readFile(path, 'utf8')));
    expect(await readdir(folder)).toEqual(['mac-keys.json']);
  });

  it('ends with one key set where processes race', async () => {
    const program = `
      const { openMacKeys } = await import(process.argv[1]);
      const { active } = await openMacKeys(process.argv[2]);
      process.stdout.write(active.secret.export().toString('hex'));`;
    const module = new URL('./mac-keys.ts', import.meta.url).href;
    const race = () =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', program, module, path]);
    const secrets = (await Promise.all([race(), race(), race()])).map(({ stdout }) => stdout);
    expect(secrets[0]).toHaveLength(64);
    expect(new Set(secrets).size).toBe(1);
    expect(await readdir(folder)).toEqual(['mac-keys.json']);
  });
});
