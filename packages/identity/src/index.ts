export type { Authentication, AuthenticationRefusalCode } from './authentication.ts';
export {
  type Authenticator,
  type AuthenticatorOptions,
  createAuthenticator,
  type Presented,
} from './authenticator.ts';
export type { Credential, Grant } from './credential-fields.ts';
export { newKey } from './credential-key.ts';
export { type CredentialSet, readCredentials, type TenantLimit } from './credentials.ts';
export { type CredentialsFile, openCredentialsFile } from './credentials-file.ts';
export { declaredIn } from './declared-credentials.ts';
export { globMatches } from './glob.ts';
export type { IdentityErrorCode } from './identity-error.ts';
export {
  createIssuer,
  type EndedRun,
  type FoundRun,
  type IssuedToken,
  type Issuer,
  type IssuerParts,
  type StartedRun,
} from './issuer.ts';
export type { KeyNotice } from './issuer-keys.ts';
export { createKnownRuns, type KnownRuns } from './known-runs.ts';
export { isLoopback } from './loopback.ts';
export { type MacKeys, openMacKeys } from './mac-keys.ts';
export { createTokenMint, type TokenMint, type TokenMintParts } from './mint-transaction-token.ts';
export { type PeerCertificate, peerCertificateOf } from './peer-certificate.ts';
export { presentedBy } from './presented-by.ts';
export { faultsText, type ReadSettings, readSettings } from './read-settings.ts';
export type {
  EndRefusalCode,
  FindRefusalCode,
  Refusal,
  StartRefusalCode,
  TokenRefusalCode,
} from './refusal.ts';
export { ReloadedFiles } from './reloaded-files.ts';
export { ROLES, type Role } from './role.ts';
export type { RunJournal, RunRecord } from './run-journal.ts';
export {
  type EndRequest,
  type ParsedRequest,
  parseEndRequest,
  parseStartRequest,
  parseTokenRequest,
  type StartRequest,
} from './run-requests.ts';
export type { ServiceLog } from './service-log.ts';
export { type TlsSettings, tlsPathsOf } from './tls-config.ts';
export { asksClients, openTlsFiles, type TlsFiles, type TlsPaths } from './tls-files.ts';
export {
  openTokenKeys,
  type TokenKey,
  type TokenKeySet,
  type TokenKeys,
  tokenKeySetOf,
} from './token-keys.ts';
export { TOKEN_LIFETIME_MAX, TOKEN_LIFETIME_MIN, type TransactionToken } from './transaction-token.ts';
export {
  type TransactionTokenRefusalCode,
  type TransactionTokenTrust,
  type TransactionTokenVerdict,
  verifyTransactionToken,
} from './verify-transaction-token.ts';
