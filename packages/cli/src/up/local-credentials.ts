import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { newKey } from '@whence/identity';

export interface LocalCredentials {
  readonly configPath: string;
  /** The key of the person at this machine. */
  readonly key: string;
  readonly keyPath: string;
}

/**
 * Credentials for a first try: one key, whose holder may run any job as the person at this machine. Made once; both
 * files are readable by their owner alone.
 */
export const localCredentials = async (dataDir: string): Promise<LocalCredentials> => {
  const configPath = join(dataDir, 'whence.yaml');
  const keyPath = join(dataDir, 'local.key');
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const existing = await readFile(keyPath, 'utf8').catch(() => undefined);
  if (existing !== undefined) return { configPath, keyPath, key: existing.trim() };
  const { key, hash } = newKey('local');
  const person = `user:${userInfo().username}@${hostname()}`;
  await writeFile(configPath, configOf(hash, person), { mode: 0o600 });
  await writeFile(keyPath, `${key}\n`, { mode: 0o600 });
  return { configPath, keyPath, key };
};

const configOf = (
  hash: string,
  person: string,
): string => `# Who may send records, and who may run what, as whom.
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
