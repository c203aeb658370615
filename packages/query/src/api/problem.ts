import { isCoded } from '@whence/model';
import { StoreError } from '@whence/store';
import type { ErrorRequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { QueryError, type QueryErrorCode } from '../query-error.ts';

/** Problem details (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: QueryErrorCode;
  /** The parameter at fault. */
  readonly field?: string;
}

/** Seconds after which a question may be asked again. */
const RETRY_AFTER_SECONDS = 5;

const PROBLEMS: Readonly<Record<QueryErrorCode, { readonly status: number; readonly title: string }>> = {
  bad_parameter: { status: 400, title: 'A parameter cannot be read' },
  unknown_span: { status: 404, title: 'No such span' },
  unknown_trace: { status: 404, title: 'No such trace' },
  unknown_run: { status: 404, title: 'No such run' },
  unknown_artefact: { status: 404, title: 'Nobody did that' },
  unknown_principal: { status: 404, title: 'No such principal' },
  unknown_finding: { status: 404, title: 'No such finding' },
  unknown_rule: { status: 404, title: 'No such rule' },
  unknown_mute: { status: 404, title: 'No such mute' },
  too_many_mutes: { status: 409, title: 'Too many mutes' },
  settings_invalid: { status: 500, title: 'An error on our side' },
  unknown_credential: { status: 404, title: 'No such credential' },
  unknown_path: { status: 404, title: 'No such address' },
  not_acceptable: { status: 406, title: 'No such form' },
  unauthenticated: { status: 401, title: 'Say who you are' },
  forbidden: { status: 403, title: 'Not allowed' },
  issuer_unavailable: { status: 503, title: 'Who you are cannot be checked now' },
  record_unavailable: { status: 503, title: 'The question cannot be recorded now' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_body: { status: 415, title: 'No such form of body' },
  head_too_large: { status: 431, title: 'The address or a header is too long' },
  request_timeout: { status: 408, title: 'The request came too slowly' },
  not_http: { status: 400, title: 'The request cannot be read' },
  method_not_allowed: { status: 405, title: 'No such method here' },
  store_unavailable: { status: 503, title: 'The store does not answer' },
  too_heavy: { status: 503, title: 'The question takes too long' },
  internal: { status: 500, title: 'An error on our side' },
  owners_invalid: { status: 500, title: 'An error on our side' },
  cannot_listen: { status: 500, title: 'An error on our side' },
};

export const problemOf = ({ code, message, field }: QueryError): Problem => ({
  type: `urn:whence:problem:${code}`,
  ...PROBLEMS[code],
  detail: message,
  code,
  ...(field === undefined ? {} : { field }),
});

export const sendProblem = (response: Response, error: QueryError): void => {
  const problem = problemOf(error);
  const refusal = refusals.get(response);
  if (problem.status === 503) response.set('Retry-After', String(RETRY_AFTER_SECONDS));
  response.locals['problem'] = problem.code;
  response
    .status(problem.status)
    .set(error.headers)
    .set('Content-Type', `application/${refusal === undefined ? 'problem+' : ''}json; charset=utf-8`)
    .send(`${JSON.stringify(refusal === undefined ? problem : refusal(problem))}\n`);
};

type Refusal = (problem: Problem) => unknown;

const refusals = new WeakMap<Response, Refusal>();

/** Whatever goes wrong with this request from here on is said in these words. */
export const refuseAs = (response: Response, refusal: Refusal): void => {
  refusals.set(response, refusal);
};

/** The last word on whatever a route throws. What is our own fault is logged whole and told in one line. */
export const problemHandler =
  (logger: Logger): ErrorRequestHandler =>
  (error: unknown, request, response, next) => {
    const failure = queryErrorOf(error);
    if (PROBLEMS[failure.code].status >= 500) {
      // Not the parameters: one may be a key that was put there by mistake. What was asked, the record of it says.
      const query = response.get('Whence-Query-Id');
      logger.error({ err: error, method: request.method, path: request.path, query }, failure.message);
    }
    if (response.headersSent) next(error);
    else sendProblem(response, failure);
  };

/** ClickHouse: the time limit, the memory limit, too many statements at once. */
const TOO_HEAVY = /code (?:159|202|241):/;

const queryErrorOf = (error: unknown): QueryError => {
  if (error instanceof QueryError) return error;
  if (isCoded(error, 'store_unavailable')) {
    return new QueryError('store_unavailable', 'The store cannot be reached: ask again in a few seconds.');
  }
  if (error instanceof StoreError && TOO_HEAVY.test(error.message)) {
    return new QueryError(
      'too_heavy',
      'The store gave up on this question: narrow it, by time or by a smaller limit.',
    );
  }
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  if (status === 413) return new QueryError('body_too_large', 'The body is larger than 256 KiB.');
  if (status === 415) {
    return new QueryError(
      'unsupported_body',
      'A body is JSON in UTF-8; gzip, deflate or br where it says so.',
    );
  }
  if (type === 'entity.parse.failed')
    return new QueryError('bad_parameter', 'body: not JSON', { field: 'body' });
  if (status === 400) {
    return new QueryError('bad_parameter', 'body: not whole, or not in the encoding that it says', {
      field: 'body',
    });
  }
  return new QueryError('internal', 'The question could not be answered; the log of the service says why.');
};
