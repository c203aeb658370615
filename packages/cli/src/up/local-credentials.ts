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
 * Credentials for a first try: one key, whose holder may run any job as the person at this machine and ask for
 * everything; and whoever asks from this machine reads. Made once, both files readable by their owner alone; what an
 * earlier version made is made anew, for the same key.
 */
export const localCredentials = async (dataDir: string): Promise<LocalCredentials> => {
  const configPath = join(dataDir, 'whence.yaml');
  const keyPath = join(dataDir, 'local.key');
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const existing = await readFile(keyPath, 'utf8').catch(() => undefined);
  const person = `user:${userInfo().username}@${hostname()}`;
  if (existing !== undefined) {
    await bringUpToDate(configPath, person);
    return { configPath, keyPath, key: existing.trim() };
  }
  const { key, hash } = newKey('local');
  await writeFile(configPath, configOf(hash, person), { mode: 0o600 });
  await writeFile(keyPath, `${key}\n`, { mode: 0o600 });
  return { configPath, keyPath, key };
};

/** Only a file that nobody has touched. */
const bringUpToDate = async (configPath: string, person: string): Promise<void> => {
  const text = await readFile(configPath, 'utf8').catch(() => '');
  const [hash] = /sha256:[0-9a-f]{64}/.exec(text) ?? [];
  if (hash === undefined || text !== configOfFirstVersion(hash, person)) return;
  await writeFile(configPath, configOf(hash, person), { mode: 0o600 });
};

const configOf = (
  hash: string,
  person: string,
): string => `# Who may send records, who may run what, as whom, and who may ask.
# "whence key new NAME" makes another key.
trustDomain: local
# Whoever asks from this machine without a key. On a machine that others use too, take this away:
# then only keys ask (export WHENCE_KEY=…, curl -H "authorization: Bearer $WHENCE_KEY" …).
loopback:
  role: reader
keys:
  - id: local
    hash: ${hash}
    actor: ${person}
    role: admin
    sends: true
    grants:
      - principal: { id: '${person}', kind: human }
        authority: ${person}
`;

const configOfFirstVersion = (
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
