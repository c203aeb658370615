import {
  type Authentication,
  type Credential,
  type CredentialSet,
  type CredentialsFile,
  createAuthenticator,
  type Presented,
} from '@whence/identity';
import type { Counters } from '@whence/model';
import type { Logger } from 'pino';
import { COUNTED } from '../counters.ts';
import { type Refused, refused } from './refusal.ts';

export type Identified =
  | { readonly status: 'identified'; readonly credential: Credential }
  /** No credentials are configured: anyone may send, nobody may start a run. */
  | { readonly status: 'anonymous' }
  | Refused;

/** Who sends. A promise only where a token has to be verified that was not before. */
export type Identify = (presented: Presented) => Identified | Promise<Identified>;

/** Where there are no credentials. */
export const anyone: Identify = () => ({ status: 'anonymous' });

/** By the credentials file as it is at the time. */
export const identifyByFile = (file: CredentialsFile, counters: Counters, log: Logger): Identify => {
  let identify = identifyBy(file.current.set, counters, log);
  file.onChange(({ set }) => {
    identify = identifyBy(set, counters, log);
  });
  return (presented) => identify(presented);
};

const identifyBy = (credentials: CredentialSet, counters: Counters, log: Logger): Identify => {
  const { authenticate } = createAuthenticator(credentials, {
    notice: ({ issuer, status, detail }) => {
      if (status === 'fetched') log.info({ issuer, detail }, 'keys of a token issuer');
      else log.error({ issuer, detail }, 'the keys of a token issuer cannot be fetched');
    },
  });
  const identified = (authentication: Authentication): Identified => {
    if (authentication.status === 'authenticated') {
      const { credential } = authentication;
      if (credential.sends) return { status: 'identified', credential };
      counters.add(COUNTED.authenticationsRefused, 1, 'reason="asks_only"');
      return refused(
        'forbidden',
        `${credential.actor} may ask, not send: its entry in the credentials file has a role, and no sends: true`,
      );
    }
    const reason = authentication.status === 'refused' ? authentication.code : authentication.status;
    counters.add(COUNTED.authenticationsRefused, 1, `reason="${reason}"`);
    return refusalOf(authentication);
  };
  return (presented) => {
    const authentication = authenticate(presented);
    return authentication instanceof Promise ? authentication.then(identified) : identified(authentication);
  };
};

const refusalOf = (authentication: Exclude<Authentication, { status: 'authenticated' }>): Refused => {
  switch (authentication.status) {
    case 'missing':
      return refused(
        'unauthenticated',
        'no credential: send "Authorization: Bearer whk_…" or a token, or a client certificate that is trusted here',
      );
    case 'unknown':
      return refused('unauthenticated', 'the key is not one of this collector’s');
    case 'refused':
      return refused('unauthenticated', authentication.detail);
    case 'unavailable':
      return refused('unavailable', authentication.detail, authentication.retryAfterSeconds);
  }
};
