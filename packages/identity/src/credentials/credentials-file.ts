import { readFileSync } from 'node:fs';
import { identityError } from '../identity-error.ts';
import { ReloadedFiles } from '../reloaded-files.ts';
import type { ServiceLog } from '../service-log.ts';
import { type CredentialSet, readCredentials } from './credentials.ts';

/** A credentials file as it was read. */
interface Credentials {
  readonly text: string;
  readonly set: CredentialSet;
}

/** Who may send, start runs and ask: a key that is added, changed or taken away counts without a new start. */
export type CredentialsFile = ReloadedFiles<Credentials>;

/**
 * The trust domain is in every reference that was given out, so it is fixed until the next start.
 *
 * @throws CodedError `credentials_unreadable`, or what `readCredentials` throws
 */
export const openCredentialsFile = (path: string, log: ServiceLog): CredentialsFile => {
  let trustDomain: string | undefined;
  const load = (): Credentials => {
    const text = textOf(path);
    const set = readCredentials(text, path);
    trustDomain ??= set.trustDomain;
    if (set.trustDomain !== trustDomain) {
      throw identityError(
        'trust_domain_changed',
        `${path}: the trust domain cannot change from "${trustDomain}" to "${set.trustDomain}" while the service runs`,
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
    throw identityError(
      'credentials_unreadable',
      `credentials file ${path} cannot be read: ${message}`,
      cause,
    );
  }
};
