import { readFileSync } from 'node:fs';
import { type CredentialSet, readCredentials } from '@whence/identity';
import type { Logger } from 'pino';
import { CollectorError } from '../collector-error.ts';
import { ReloadedFiles } from '../reloaded-files.ts';

/** A credentials file as it was read. */
interface Credentials {
  readonly text: string;
  readonly set: CredentialSet;
}

/** Who may send and start runs: a key that is added, changed or taken away counts without a new start. */
export type CredentialsFile = ReloadedFiles<Credentials>;

/**
 * The trust domain is in every reference that was given out, so it is fixed until the next start.
 *
 * @throws CollectorError `config_invalid`, or what `readCredentials` throws
 */
export const openCredentialsFile = (path: string, log: Logger): CredentialsFile => {
  let trustDomain: string | undefined;
  const load = (): Credentials => {
    const text = textOf(path);
    const set = readCredentials(text, path);
    trustDomain ??= set.trustDomain;
    if (set.trustDomain !== trustDomain) {
      throw new CollectorError(
        'config_invalid',
        `${path}: the trust domain cannot change from "${trustDomain}" to "${set.trustDomain}" while the collector runs`,
      );
    }
    return { text, set };
  };
  return new ReloadedFiles({ what: 'credentials file', read: load, same: (a, b) => a.text === b.text }, log);
};

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { message } = cause as Error;
    throw new CollectorError('config_invalid', `credentials file ${path} cannot be read: ${message}`, {
      cause,
    });
  }
};
