export { ACTION_STATUSES, type Action, type ActionStatus, SPAN_KINDS, type SpanKind } from './action.ts';
export { ASSURANCES, type Assurance } from './assurance.ts';
export { type AttributeDefinition, OTEL, WHENCE } from './attributes.ts';
export { AUTHORITY_KINDS, type Authority, type AuthorityKind, authorityOf } from './authority.ts';
export { CAUSE_KINDS, type Cause, type CauseKind, isCauseKind, type RunRef, type SpanRef } from './cause.ts';
export { CodedError, isCoded } from './coded-error.ts';
export { commandLine } from './command-line.ts';
export { Counters } from './counters.ts';
export { QUERY_ATTRIBUTES, WHENCE_QUERY } from './own-actions.ts';
export {
  isPrincipalId,
  isPrincipalKind,
  PRINCIPAL_KINDS,
  type Principal,
  type PrincipalKind,
} from './principal.ts';
export {
  formatReference,
  type MacKey,
  type ParsedReference,
  parseReference,
  REFERENCE_KEY,
  type Reference,
  type ReferenceTrust,
  type ReferenceVerdict,
  referenceMac,
  signReference,
  verifyReference,
} from './reference.ts';
export { OUTCOMES, type Outcome, RUN_PATH_MAX_LENGTH, type Run, TRIGGERS, type Trigger } from './run.ts';
export { isRunId, newRunId, RUN_ID_BYTES, runIdFromBytes, runIdTime, runIdToBytes } from './run-id.ts';
export { StatementScanner } from './statement-scanner.ts';
export { type SqlDialect, statementText, statementWithValues } from './statement-text.ts';
export { referenceIn, withReference } from './trace-state.ts';
export { WITNESSES, type Witness } from './witness.ts';
