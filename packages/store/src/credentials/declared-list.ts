import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { DeclaredCredential } from '@whence/model';

const TYPES: { readonly [Field in keyof DeclaredCredential]: string } = {
  tenant: 'string',
  kind: 'string',
  entryId: 'string',
  pattern: 'boolean',
  actor: 'string',
  issuer: 'string',
  subject: 'string',
  fingerprint: 'string',
  issuedAtMillis: 'number',
  rotateAfterMillis: 'number',
  duties: 'object',
};

const isEntry = (value: unknown): value is DeclaredCredential =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(TYPES).every(([field, type]) => typeof (value as Record<string, unknown>)[field] === type) &&
  Array.isArray((value as DeclaredCredential).duties);

/** What was last told to be in the credentials file: kept beside the spool, so that what vanishes meanwhile is noticed. */
export class DeclaredList {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Empty where there is none, or none that can be read: then nothing is known to have vanished. */
  read(): readonly DeclaredCredential[] {
    try {
      const list: unknown = JSON.parse(readFileSync(this.#path, 'utf8'));
      return Array.isArray(list) ? list.filter(isEntry) : [];
    } catch {
      return [];
    }
  }

  /** @throws Error of the file system */
  write(entries: readonly DeclaredCredential[]): void {
    const draft = `${this.#path}.draft`;
    writeFileSync(draft, JSON.stringify(entries));
    renameSync(draft, this.#path);
  }
}
