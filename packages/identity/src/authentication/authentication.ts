import type { Credential } from '../credentials/credential-fields.ts';

export type Authentication =
  | { readonly status: 'authenticated'; readonly credential: Credential }
  /** Nothing was presented. */
  | { readonly status: 'missing' }
  /** A header that proves nothing: another scheme, no key, an unknown id, a wrong secret. Which one is not said. */
  | { readonly status: 'unknown' }
  /** A token or a certificate that does not count here. `detail` is for the sender and has no token in it. */
  | { readonly status: 'refused'; readonly code: AuthenticationRefusalCode; readonly detail: string }
  /** It cannot be told now. The sender must keep what it has, and ask again. */
  | { readonly status: 'unavailable'; readonly detail: string; readonly retryAfterSeconds: number };

export type AuthenticationRefusalCode =
  /** Not a JWT as RFC 7519 has it, too long, or of a kind that is no bearer token. */
  | 'token_malformed'
  /** Signed by an algorithm that the issuer is not configured for. */
  | 'token_algorithm_refused'
  /** No such issuer is configured. */
  | 'token_issuer_unknown'
  /** The issuer publishes no such key, or several that would do. */
  | 'token_key_unknown'
  | 'token_signature_wrong'
  | 'token_audience_wrong'
  | 'token_expired'
  | 'token_not_yet_valid'
  /** `exp` or `sub` is missing, or a time is none. */
  | 'token_claims_invalid'
  /** The token is good, but of nobody whom the credentials file names. */
  | 'workload_unknown'
  | 'certificate_expired'
  | 'certificate_unknown';
