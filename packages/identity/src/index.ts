export { type Authentication, authenticate } from './authenticate.ts';
export { newKey } from './credential-key.ts';
export { type Credential, type CredentialSet, type Grant, readCredentials } from './credentials.ts';
export type { IdentityErrorCode } from './identity-error.ts';
export {
  createIssuer,
  type EndedRun,
  type FoundRun,
  type Issuer,
  type IssuerParts,
  type StartedRun,
} from './issuer.ts';
export { createKnownRuns, type KnownRuns } from './known-runs.ts';
export { type MacKeys, openMacKeys } from './mac-keys.ts';
export type { EndRefusalCode, FindRefusalCode, Refusal, StartRefusalCode } from './refusal.ts';
export type { RunJournal, RunRecord } from './run-journal.ts';
export {
  type EndRequest,
  type ParsedRequest,
  parseEndRequest,
  parseStartRequest,
  type StartRequest,
} from './run-requests.ts';
