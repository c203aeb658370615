import type { IncomingMessage } from 'node:http';
import { authenticate, type Credential, type CredentialSet } from '@whence/identity';

export type Identified =
  | { readonly status: 'identified'; readonly credential: Credential }
  /** No credentials are configured: anyone may send, nobody may start a run. */
  | { readonly status: 'anonymous' }
  | { readonly status: 'refused'; readonly reason: string };

/** Who sends this request, by its `Authorization` header. */
export const identify = (request: IncomingMessage, credentials: CredentialSet | undefined): Identified => {
  if (credentials === undefined) return { status: 'anonymous' };
  const authentication = authenticate(credentials, request.headers.authorization);
  switch (authentication.status) {
    case 'authenticated':
      return { status: 'identified', credential: authentication.credential };
    case 'missing':
      return { status: 'refused', reason: 'no key: send "Authorization: Bearer whk_…"' };
    case 'unknown':
      return { status: 'refused', reason: 'the key is not one of this collector’s' };
  }
};
