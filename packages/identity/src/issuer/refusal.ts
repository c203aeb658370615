export type StartRefusalCode =
  /** The request itself is not well-formed. */
  | 'invalid_request'
  /** The credential may not act as this principal, or may start no runs at all. */
  | 'principal_not_allowed'
  /** No principal was named, and the credential may run this job as more than one. */
  | 'principal_ambiguous'
  /** The credential may not run this job (as this principal). */
  | 'job_not_allowed'
  /** An authority was named that is not the one which allows this run. */
  | 'authority_not_allowed'
  /** The parent's reference carries no MAC: anyone could have written it. */
  | 'parent_unproven'
  /** The parent's reference carries a MAC that is wrong here. */
  | 'parent_refuted'
  /** The parent's reference is genuine, but this tenant has no such run. */
  | 'parent_unknown'
  /** A handoff to the principal that the parent acts as already. */
  | 'handoff_to_itself'
  /** The idempotency key stands for another request. */
  | 'idempotency_key_reused';

export type EndRefusalCode =
  | 'invalid_request'
  | 'run_unknown'
  /** Only the actor that started a run may end it. */
  | 'run_not_yours'
  /** It ended before, with another outcome. */
  | 'run_already_ended';

export type TokenRefusalCode =
  | 'run_unknown'
  /** Only the actor that started a run gets its tokens. */
  | 'run_not_yours'
  /** A run that has ended is allowed nothing more. */
  | 'run_already_ended'
  /** The credential may not start such a run any more. */
  | 'grant_withdrawn';

export type FindRefusalCode = 'run_unknown';

/** An expected no. `detail` is for the caller: what was asked, and what this credential may do. */
export interface Refusal<Code extends string> {
  readonly status: 'refused';
  readonly code: Code;
  readonly detail: string;
  /** The request's field at fault. */
  readonly field?: string;
}

export const refused = <Code extends string>(code: Code, detail: string, field?: string): Refusal<Code> => ({
  status: 'refused',
  code,
  detail,
  ...(field === undefined ? {} : { field }),
});
