import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CredentialsFile, newKey, openCredentialsFile } from '@whence/identity';
import { pino } from 'pino';

/** A credentials file on disk, and the keys that it knows. For tests. */
export interface WrittenCredentials {
  readonly file: CredentialsFile;
  readonly keys: Readonly<Record<string, string>>;
  /** Writes other sections beside `keys`, or other keys, and has the file read again. */
  rewrite(sections: object): void;
  remove(): void;
}

/** @param entries what each key's entry says beside its id, hash and actor (`k8s://test/<id>`) */
export const writeCredentials = (
  entries: Readonly<Record<string, object>>,
  sections: object = {},
): WrittenCredentials => {
  const directory = mkdtempSync(join(tmpdir(), 'whence-query-'));
  const path = join(directory, 'whence.yaml');
  const made = Object.entries(entries).map(([id, entry]) => ({ id, entry, ...newKey(id) }));
  const keys = made.map(({ id, hash, entry }) => ({ id, hash, actor: `k8s://test/${id}`, ...entry }));
  const write = (more: object): void =>
    writeFileSync(path, JSON.stringify({ trustDomain: 'test', keys, ...more }));
  write(sections);
  const file = openCredentialsFile(path, pino({ level: 'silent' }));
  return {
    file,
    keys: Object.fromEntries(made.map(({ id, key }) => [id, key])),
    rewrite: (more) => {
      write(more);
      file.check();
    },
    remove: () => {
      file.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

export const bearer = (key: string | undefined) => ({ authorization: `Bearer ${key}` });
