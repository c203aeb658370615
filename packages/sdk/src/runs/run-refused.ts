import { CodedError } from '@whence/model';

const REFUSALS = [
  'unauthenticated',
  'invalid_request',
  'principal_not_allowed',
  'principal_ambiguous',
  'job_not_allowed',
  'authority_not_allowed',
  'parent_unproven',
  'parent_refuted',
  'parent_unknown',
  'handoff_to_itself',
  /** Any other no; `issuerCode` has the issuer's own word. */
  'run_refused',
] as const;

export type RunRefusalCode = (typeof REFUSALS)[number];

/** The issuer said no: the run may not be, and was not run. The message is the issuer's detail. */
export class RunRefused extends CodedError<RunRefusalCode> {
  /** The HTTP status it came with. */
  readonly status: number;
  readonly issuerCode: string | undefined;

  constructor(status: number, issuerCode: string | undefined, detail: string) {
    super(REFUSALS.find((code) => code === issuerCode) ?? 'run_refused', detail);
    this.name = 'RunRefused';
    this.status = status;
    this.issuerCode = issuerCode;
  }
}
