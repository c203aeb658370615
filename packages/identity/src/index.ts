export type { Authentication, AuthenticationRefusalCode } from './authentication/authentication.ts';
export {
  type Authenticator,
  type AuthenticatorOptions,
  createAuthenticator,
  type Presented,
} from './authentication/authenticator.ts';
export type { KeyNotice } from './authentication/issuer-keys.ts';
export { type PeerCertificate, peerCertificateOf } from './authentication/peer-certificate.ts';
export { presentedBy } from './authentication/presented-by.ts';
export type { Credential, Grant } from './credentials/credential-fields.ts';
export { newKey } from './credentials/credential-key.ts';
export { type CredentialSet, readCredentials, type TenantLimit } from './credentials/credentials.ts';
export { type CredentialsFile, openCredentialsFile } from './credentials/credentials-file.ts';
export { declaredIn } from './credentials/declared-credentials.ts';
export { globMatches } from './credentials/glob.ts';
export { ROLES, type Role } from './credentials/role.ts';
export type { IdentityErrorCode } from './identity-error.ts';
export {
  createIssuer,
  type EndedRun,
  type FoundRun,
  type IssuedToken,
  type Issuer,
  type IssuerParts,
  type StartedRun,
} from './issuer/issuer.ts';
export { createKnownRuns, type KnownRuns } from './issuer/known-runs.ts';
export type {
  EndRefusalCode,
  FindRefusalCode,
  Refusal,
  StartRefusalCode,
  TokenRefusalCode,
} from './issuer/refusal.ts';
export type { RunJournal, RunRecord } from './issuer/run-journal.ts';
export {
  type EndRequest,
  type ParsedRequest,
  parseEndRequest,
  parseStartRequest,
  parseTokenRequest,
  type StartRequest,
} from './issuer/run-requests.ts';
export { isLoopback } from './loopback.ts';
export { faultsText, type ReadSettings, readSettings } from './read-settings.ts';
export { ReloadedFiles } from './reloaded-files.ts';
export type { ServiceLog } from './service-log.ts';
export { type TlsSettings, tlsPathsOf } from './tls/tls-config.ts';
export { asksClients, openTlsFiles, type TlsFiles, type TlsPaths } from './tls/tls-files.ts';
export { type MacKeys, openMacKeys } from './transaction-tokens/mac-keys.ts';
export {
  createTokenMint,
  type TokenMint,
  type TokenMintParts,
} from './transaction-tokens/mint-transaction-token.ts';
export {
  openTokenKeys,
  type TokenKey,
  type TokenKeySet,
  type TokenKeys,
  tokenKeySetOf,
} from './transaction-tokens/token-keys.ts';
export {
  TOKEN_LIFETIME_MAX,
  TOKEN_LIFETIME_MIN,
  type TransactionToken,
} from './transaction-tokens/transaction-token.ts';
export {
  type TransactionTokenRefusalCode,
  type TransactionTokenTrust,
  type TransactionTokenVerdict,
  verifyTransactionToken,
} from './transaction-tokens/verify-transaction-token.ts';
