import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { CREDENTIAL_KINDS, type DeclaredCredential } from '@whence/model';
import { z } from 'zod';

const LIST = z.array(
  z.object({
    tenant: z.string(),
    kind: z.enum(CREDENTIAL_KINDS),
    entryId: z.string(),
    pattern: z.boolean(),
    actor: z.string(),
    issuer: z.string(),
    subject: z.string(),
    fingerprint: z.string(),
    issuedAtMillis: z.number(),
    rotateAfterMillis: z.number(),
    duties: z.array(z.string()),
  }),
);

/** What was last told to be in the credentials file: kept beside the spool, so that what vanishes meanwhile is noticed. */
export class DeclaredList {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Empty where there is none, or none that can be read: then nothing is known to have vanished. */
  read(): readonly DeclaredCredential[] {
    try {
      return LIST.parse(JSON.parse(readFileSync(this.#path, 'utf8')));
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
