import { CodedError } from '@whence/model';

/** Why a question was not answered. */
export type QueryErrorCode =
  /** A parameter is missing, malformed, out of bounds, given twice, or not one of this address. */
  | 'bad_parameter'
  | 'unknown_span'
  | 'unknown_trace'
  | 'unknown_run'
  | 'unknown_artefact'
  | 'unknown_path'
  | 'method_not_allowed'
  /** None of the forms that are accepted is one of this address's. */
  | 'not_acceptable'
  /** Nothing was presented, or nothing that proves who asks. */
  | 'unauthenticated'
  /** The asker's role does not reach. */
  | 'forbidden'
  | 'body_too_large'
  /** The store does not answer: ask again. */
  | 'store_unavailable'
  /** The store gave up on this question: narrow it. */
  | 'too_heavy'
  | 'internal'
  /** Only at the start: the address is taken, or not one of this machine. */
  | 'cannot_listen';

export class QueryError extends CodedError<QueryErrorCode> {
  /** The parameter at fault. */
  readonly field?: string;

  constructor(code: QueryErrorCode, message: string, options: { field?: string; cause?: unknown } = {}) {
    super(code, message, options);
    if (options.field !== undefined) this.field = options.field;
  }
}
