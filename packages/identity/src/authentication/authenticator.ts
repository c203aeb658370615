import { recogniseCertificate } from '../credentials/certificate-rule.ts';
import type { CredentialSet } from '../credentials/credentials.ts';
import { authenticateKey } from './authenticate-key.ts';
import type { Authentication } from './authentication.ts';
import type { KeyNotice } from './issuer-keys.ts';
import type { PeerCertificate } from './peer-certificate.ts';
import { looksLikeToken } from './token-text.ts';
import { createTokenVerifier } from './token-verifier.ts';

/** What a sender presents. */
export interface Presented {
  /** The header of that name: `Bearer whk_…`, or `Bearer` and a JWT. */
  readonly authorization?: string | undefined;
  /** Of the connection, where it has verified one. The same object for as long as the connection lives. */
  readonly peerCertificate?: PeerCertificate | undefined;
  /** Of the connection's other end, without its port: a proxy's, where there is one. */
  readonly address?: string | undefined;
}

export interface Authenticator {
  /**
   * Who sends. A header decides where there is one, whatever the certificate. Keys, certificates and tokens that were
   * verified before are answered at once; a promise comes only for a token that is new. Never throws, never rejects.
   */
  authenticate(presented: Presented): Authentication | Promise<Authentication>;
}

export interface AuthenticatorOptions {
  /** The time of day. */
  readonly now?: () => number;
  /** Milliseconds since whenever, by a clock that is never set. */
  readonly elapsed?: () => number;
  /** Told when an issuer's keys are new, cannot be fetched, or can be again. */
  readonly notice?: (notice: KeyNotice) => void;
}

const BEARER = /^bearer +(\S+)$/i;

/** Asks every token issuer for its keys, without waiting for them. */
export const createAuthenticator = (
  set: CredentialSet,
  { now = Date.now, elapsed = () => performance.now(), notice = () => {} }: AuthenticatorOptions = {},
): Authenticator => {
  const tokens = createTokenVerifier(set.issuers, { now, elapsed, notice });
  const byCertificate = new WeakMap<PeerCertificate, Authentication>();

  const authenticateCertificate = (certificate: PeerCertificate): Authentication => {
    if (now() >= certificate.validUntilMillis) {
      return { status: 'refused', code: 'certificate_expired', detail: 'the client certificate has expired' };
    }
    let known = byCertificate.get(certificate);
    if (known === undefined) {
      known = recogniseCertificate(set.certificates, certificate);
      byCertificate.set(certificate, known);
    }
    return known;
  };

  return {
    authenticate({ authorization, peerCertificate }) {
      const header = authorization?.trim() ?? '';
      if (header === '') {
        return peerCertificate === undefined
          ? { status: 'missing' }
          : authenticateCertificate(peerCertificate);
      }
      const text = BEARER.exec(header)?.[1] ?? '';
      if (set.issuers.size > 0 && looksLikeToken(text)) return tokens.verify(text);
      return authenticateKey(set, text);
    },
  };
};
