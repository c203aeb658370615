import type { IncomingMessage } from 'node:http';
import {
  type Authentication,
  type CredentialSet,
  type CredentialsFile,
  createAuthenticator,
  presentedBy,
  type ServiceLog,
} from '@whence/identity';
import type { Counters } from '@whence/model';
import type { Asker } from '../api/asker.ts';
import { COUNTED } from '../counters.ts';
import type { Access } from './access.ts';
import { forbidden, issuerUnavailable, unauthenticated } from './access-refusals.ts';
import { isFromThisMachine } from './from-this-machine.ts';

/** By the credentials file as it is at the time. */
export const accessByFile = (file: CredentialsFile, counters: Counters, log: ServiceLog): Access => {
  let access = accessBy(file.current.set, counters, log);
  file.onChange(({ set }) => {
    access = accessBy(set, counters, log);
  });
  return { askerOf: (request) => access.askerOf(request) };
};

const accessBy = (set: CredentialSet, counters: Counters, log: ServiceLog): Access => {
  const { authenticate } = createAuthenticator(set, {
    notice: ({ issuer, status, detail }) => {
      if (status === 'fetched') log.info(`keys of the token issuer ${issuer}: ${detail}`);
      else log.error({ issuer, detail }, 'the keys of a token issuer cannot be fetched');
    },
  });
  if (!mayAnyoneAsk(set)) {
    log.error({}, 'no entry of the credentials file has a role: every question is refused');
  }

  return {
    askerOf: async (request) => {
      const authentication = await authenticate(presentedBy(request));
      const local = authentication.status === 'missing' ? localAsker(set, request) : undefined;
      if (local !== undefined) return local;
      if (authentication.status === 'authenticated') {
        const { actor, role, tenant } = authentication.credential;
        if (role !== undefined) return { principal: actor, role, tenant, proven: true };
      }
      counters.add(COUNTED.requestsRefused, 1, `reason="${reasonOf(authentication)}"`);
      throw refusalOf(authentication);
    },
  };
};

const mayAnyoneAsk = ({ credentials, issuers, certificates, loopback }: CredentialSet): boolean => {
  const entries = [
    ...credentials.values(),
    ...certificates,
    ...[...issuers.values()].flatMap(({ workloads }) => workloads),
  ];
  return loopback !== undefined || entries.some(({ role }) => role !== undefined);
};

const localAsker = ({ loopback }: CredentialSet, request: IncomingMessage): Asker | undefined =>
  loopback !== undefined && isFromThisMachine(request)
    ? { principal: 'urn:whence:loopback', proven: false, ...loopback }
    : undefined;

const reasonOf = (authentication: Authentication): string => {
  switch (authentication.status) {
    case 'refused':
      return authentication.code;
    case 'authenticated':
      return 'sends_only';
    default:
      return authentication.status;
  }
};

const refusalOf = (authentication: Authentication) => {
  switch (authentication.status) {
    case 'missing':
      return unauthenticated();
    case 'unknown':
      return unauthenticated('the key is not one of the credentials file');
    case 'refused':
      return unauthenticated(authentication.detail);
    case 'unavailable':
      return issuerUnavailable(authentication.detail, authentication.retryAfterSeconds);
    case 'authenticated':
      return forbidden(
        `${authentication.credential.actor} may send, not ask: its entry in the credentials file has no role.`,
        'reader',
      );
  }
};
