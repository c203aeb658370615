import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, sign, verify } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTokenKeys, tokenKeySetOf } from './token-keys.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'whence-token-keys-'));
  path = join(folder, 'token-keys.json');
});
afterEach(() => rm(folder, { recursive: true }));

const pkcs8 = (type: 'ed25519' | 'x25519' | 'ed448' = 'ed25519'): string => {
  // @ts-expect-error: one overload for each type
  const { privateKey } = generateKeyPairSync(type);
  return privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
};

describe('openTokenKeys', () => {
  it('creates a file with one key pair, for its owner alone, named by its thumbprint', async () => {
    const { active, keys } = await openTokenKeys(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['token-keys.json']);
    expect([...keys.keys()]).toEqual([active.kid]);
    const { x } = keys.get(active.kid)!.export({ format: 'jwk' });
    expect(active.kid).toBe(hash('sha256', `{"crv":"Ed25519","kty":"OKP","x":"${x}"}`, 'base64url'));
    const data = Buffer.from('x');
    expect(verify(null, data, keys.get(active.kid)!, sign(null, data, active.privateKey))).toBe(true);
    expect((await openTokenKeys(path)).active.kid).toBe(active.kid);
  });

  it('ends with one key where many open it at once', async () => {
    const opened = await Promise.all(Array.from({ length: 8 }, () => openTokenKeys(path)));
    expect(new Set(opened.map(({ active }) => active.kid)).size).toBe(1);
  });

  it('publishes every key, and nothing private', async () => {
    const [old, now] = [pkcs8(), pkcs8()];
    await writeFile(path, JSON.stringify({ active: 'now', keys: { old, now } }), { mode: 0o600 });
    const keys = await openTokenKeys(path);
    expect(keys.active.kid).toBe('now');
    const published = tokenKeySetOf(keys);
    const publicOf = (text: string) =>
      createPublicKey(
        createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' }),
      ).export({ format: 'jwk' }).x;
    const usual = { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' };
    expect(published).toEqual({
      keys: [
        { ...usual, kid: 'old', x: publicOf(old) },
        { ...usual, kid: 'now', x: publicOf(now) },
      ],
    });
  });

  it('refuses a file that others may read', async () => {
    await writeFile(path, JSON.stringify({ active: 'a', keys: { a: pkcs8() } }));
    await chmod(path, 0o644);
    await expect(openTokenKeys(path)).rejects.toMatchObject({ code: 'token_keys_exposed' });
  });

  it.each([
    ['no JSON', () => '{'],
    ['a key that is no base64', () => ({ active: 'a', keys: { a: '!' } })],
    ['a key that is none', () => ({ active: 'a', keys: { a: Buffer.alloc(48).toString('base64') } })],
    ['a key of another curve', () => ({ active: 'a', keys: { a: pkcs8('ed448') } })],
    ['a key that cannot sign', () => ({ active: 'a', keys: { a: pkcs8('x25519') } })],
    ['a key id with a blank', () => ({ active: 'a b', keys: { 'a b': pkcs8() } })],
    ['an active key that is not there', () => ({ active: 'b', keys: { a: pkcs8() } })],
  ])('refuses %s, and repeats no secret', async (_, content) => {
    const text = content();
    await writeFile(path, typeof text === 'string' ? text : JSON.stringify(text), { mode: 0o600 });
    const error = await openTokenKeys(path).catch((reason: Error) => reason);
    expect(error).toMatchObject({ code: 'token_keys_invalid', message: expect.stringContaining(path) });
    const secrets = /"a(?: b)?":"([^"]{20,})"/.exec(await readFile(path, 'utf8'));
    if (secrets !== null) expect((error as Error).message).not.toContain(secrets[1]!.slice(30));
  });

  it('says where it cannot create the file', async () => {
    await expect(openTokenKeys(join(folder, 'nowhere', 'k.json'))).rejects.toMatchObject({
      code: 'token_keys_unavailable',
    });
  });
});
