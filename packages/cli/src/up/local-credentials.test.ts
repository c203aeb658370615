import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { readCredentials } from '@whence/identity';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { localCredentials } from './local-credentials.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'whence-local-'));
});
afterEach(() => rm(directory, { recursive: true }));

const setIn = async (path: string) => readCredentials(await readFile(path, 'utf8'), path);

it('makes a key that sends and asks for everything, once; and lets this machine read', async () => {
  const made = await localCredentials(directory);
  const set = await setIn(made.configPath);
  expect(set.credentials.get('local')).toMatchObject({ role: 'admin', sends: true, grants: [{}] });
  expect(set.loopback).toEqual({ role: 'reader', tenant: 'default' });
  expect(await localCredentials(directory)).toEqual(made);
});

it('brings a file of an earlier version up to date, and leaves one that somebody has changed alone', async () => {
  const made = await localCredentials(directory);
  const text = await readFile(made.configPath, 'utf8');
  const hash = /sha256:\S+/.exec(text)![0];
  const person = `user:${userInfo().username}@${hostname()}`;
  const former = `# Who may send records, and who may run what, as whom.
# "whence key new NAME" makes another key.
trustDomain: local
keys:
  - id: local
    hash: ${hash}
    actor: ${person}
    grants:
      - principal: { id: '${person}', kind: human }
        authority: ${person}
`;
  await writeFile(made.configPath, former);
  await localCredentials(directory);
  expect(await readFile(made.configPath, 'utf8')).toBe(text);

  const changed = `${former}# mine\n`;
  await writeFile(made.configPath, changed);
  await localCredentials(directory);
  expect(await readFile(made.configPath, 'utf8')).toBe(changed);
});
