/** Kinds of identity that act (RFC 8693 `sub`/`act`, OCSF `actor`). */
export const PRINCIPAL_KINDS = [
  'human',
  'service_account',
  'ci_runner',
  'scheduler',
  'agent',
  'workload',
  'system',
] as const;

export type PrincipalKind = (typeof PRINCIPAL_KINDS)[number];

/** An identity that acts. */
export interface Principal {
  /** A URI: `spiffe://…`, `k8s://cluster/ns/sa`, `github://org/repo/workflow`, `user:owner@example.com`. */
  readonly id: string;
  readonly kind: PrincipalKind;
}

/**
 * RFC 3986 scheme and a non-empty rest; 512 characters at most. No blanks, control characters, or invisible ones
 * (bidirectional overrides, zero-width characters): two ids that look the same must be the same.
 */
const PRINCIPAL_ID = /^[a-z][a-z0-9+.-]*:[^\s\p{Cc}\p{Cf}\p{Cs}]+$/u;
const PRINCIPAL_ID_MAX_LENGTH = 512;

export const isPrincipalId = (text: string): boolean =>
  text.length <= PRINCIPAL_ID_MAX_LENGTH && PRINCIPAL_ID.test(text);

export const isPrincipalKind = (text: string): text is PrincipalKind =>
  (PRINCIPAL_KINDS as readonly string[]).includes(text);
