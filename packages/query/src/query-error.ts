import { CodedError } from '@whence/model';

/** Why a question was not answered. */
export type QueryErrorCode =
  /** A parameter is missing, malformed, out of bounds, given twice, or not one of this address. */
  | 'bad_parameter'
  | 'unknown_span'
  | 'unknown_trace'
  | 'unknown_run'
  | 'unknown_artefact'
  | 'unknown_principal'
  | 'unknown_finding'
  | 'unknown_rule'
  | 'unknown_mute'
  /** As many as may hold at the same time do. */
  | 'too_many_mutes'
  /** Only at the start: a file of rules or receivers that cannot be used. */
  | 'settings_invalid'
  | 'unknown_credential'
  | 'unknown_path'
  | 'method_not_allowed'
  /** None of the forms that are accepted is one of this address's. */
  | 'not_acceptable'
  /** Nothing was presented, or nothing that proves who asks. */
  | 'unauthenticated'
  /** The asker's role does not reach. */
  | 'forbidden'
  /** Who asks cannot be told now: the issuer of the token does not give its keys. */
  | 'issuer_unavailable'
  /** That it was asked cannot be recorded now, so it is not answered. */
  | 'record_unavailable'
  | 'body_too_large'
  /** Neither JSON as it is nor in an encoding that is read. */
  | 'unsupported_body'
  /** Address and headers together. */
  | 'head_too_large'
  | 'request_timeout'
  /** No request at all. */
  | 'not_http'
  /** The store does not answer: ask again. */
  | 'store_unavailable'
  /** The store gave up on this question: narrow it. */
  | 'too_heavy'
  | 'internal'
  /** Only at the start: the owners file cannot be used. */
  | 'owners_invalid'
  /** Only at the start: the address is taken, or not one of this machine. */
  | 'cannot_listen';

export interface QueryErrorOptions {
  readonly field?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

export class QueryError extends CodedError<QueryErrorCode> {
  /** The parameter at fault. */
  readonly field?: string;
  /** What the answer says beside. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: QueryErrorCode, message: string, options: QueryErrorOptions = {}) {
    super(code, message, options);
    if (options.field !== undefined) this.field = options.field;
    this.headers = options.headers ?? {};
  }
}
