import { authenticate, type Credential, type CredentialSet } from '@whence/identity';

export type Identified =
  | { readonly status: 'identified'; readonly credential: Credential }
  /** No credentials are configured: anyone may send, nobody may start a run. */
  | { readonly status: 'anonymous' }
  | { readonly status: 'refused'; readonly reason: string };

/** Who sends. @param authorization the header of that name, or gRPC metadata */
export const identify = (
  authorization: string | undefined,
  credentials: CredentialSet | undefined,
): Identified => {
  if (credentials === undefined) return { status: 'anonymous' };
  const authentication = authenticate(credentials, authorization);
  switch (authentication.status) {
    case 'authenticated':
      return { status: 'identified', credential: authentication.credential };
    case 'missing':
      return { status: 'refused', reason: 'no key: send "Authorization: Bearer whk_…"' };
    case 'unknown':
      return { status: 'refused', reason: 'the key is not one of this collector’s' };
  }
};
