import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type Credential,
  type Issuer,
  parseEndRequest,
  parseStartRequest,
  parseTokenRequest,
  presentedBy,
  type Refusal,
} from '@whence/identity';
import type { Logger } from 'pino';
import { BodyMemory } from '../receive/body-memory.ts';
import type { Identify } from '../receive/identify.ts';
import { idempotencyKeyIn } from './idempotency-key.ts';
import { methodNotAllowed, sendJson, sendProblem } from './json-answer.ts';
import { readBody } from './read-body.ts';

export interface RunRouteParts {
  readonly issuer: Issuer;
  readonly identify: Identify;
  readonly log: Logger;
}

const REQUEST_MAX_BYTES = 65_536;
/** Their own: a run can be started whatever spans are under way. */
const BODY_MEMORY = new BodyMemory(16 << 20);
const RUN_PATH = /^\/v1\/runs(?:\/([^/]+)(\/end|\/token)?)?$/;

/** HTTP status of each refusal; anything else that is refused is 403. */
const STATUS_OF: Readonly<Record<string, number>> = {
  invalid_request: 400,
  principal_ambiguous: 400,
  handoff_to_itself: 400,
  parent_unknown: 404,
  run_unknown: 404,
  run_already_ended: 409,
  idempotency_key_reused: 422,
};

const TITLE_OF: Readonly<Record<number, string>> = {
  400: 'Invalid request',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Conflict',
  422: 'Key used for another request',
};

/** Of answers with a token in them. */
const NEVER_KEPT = { 'cache-control': 'no-store' };

export const isRunPath = (path: string): boolean => RUN_PATH.test(path);

/**
 * The issuer's routes: `POST /v1/runs` starts a run, `POST /v1/runs/{id}/token` gives it a fresh token,
 * `POST /v1/runs/{id}/end` ends it, `GET /v1/runs/{id}` reads it. What they answer is durable. Errors are RFC 9457
 * problem details.
 */
export const runRoutes = ({ issuer, identify, log }: RunRouteParts) => {
  const start = async (
    credential: Credential,
    idempotencyKey: string | undefined,
    body: unknown,
    response: ServerResponse,
  ): Promise<void> => {
    const parsed = parseStartRequest(body);
    if (parsed.status === 'refused') return sendRefusal(response, parsed);
    const outcome = await issuer.start(credential, parsed.request, idempotencyKey);
    if (outcome.status === 'refused') return sendRefusal(response, outcome);
    const { status: _, ...answer } = outcome;
    sendJson(response, 201, answer, { location: `/v1/runs/${answer.run.id}`, ...NEVER_KEPT });
  };

  const token = async (
    credential: Credential,
    id: string,
    body: unknown,
    response: ServerResponse,
  ): Promise<void> => {
    const parsed = parseTokenRequest(body);
    if (parsed.status === 'refused') return sendRefusal(response, parsed);
    const outcome = await issuer.token(credential, id);
    if (outcome.status === 'refused') return sendRefusal(response, outcome);
    sendJson(response, 201, { txnToken: outcome.txnToken }, NEVER_KEPT);
  };

  const end = async (
    credential: Credential,
    id: string,
    body: unknown,
    response: ServerResponse,
  ): Promise<void> => {
    const parsed = parseEndRequest(body);
    if (parsed.status === 'refused') return sendRefusal(response, parsed);
    const outcome = await issuer.end(credential, id, parsed.request);
    if (outcome.status === 'refused') return sendRefusal(response, outcome);
    sendJson(response, 200, { run: outcome.run });
  };

  const read = async (credential: Credential, id: string, response: ServerResponse): Promise<void> => {
    const outcome = await issuer.find(credential, id);
    if (outcome.status === 'refused') return sendRefusal(response, outcome);
    sendJson(response, 200, { run: outcome.run });
  };

  return async (request: IncomingMessage, response: ServerResponse, path: string): Promise<void> => {
    const identified = await identify(presentedBy(request));
    if (identified.status === 'anonymous') return unauthenticated(response, NO_CREDENTIALS);
    if (identified.status === 'refused') {
      const { reason, message, retryAfterSeconds = 1 } = identified;
      if (reason === 'unavailable') return unavailable(response, message, retryAfterSeconds);
      if (reason === 'forbidden') return forbidden(response, message);
      return unauthenticated(response, message);
    }
    const { credential } = identified;
    const [, id, asked] = RUN_PATH.exec(path) ?? [];
    try {
      if (id !== undefined && asked === undefined) {
        if (request.method !== 'GET') return methodNotAllowed(request, response, 'GET');
        return await read(credential, id, response);
      }
      if (request.method !== 'POST') return methodNotAllowed(request, response, 'POST');
      const body = await readJson(request);
      if (body.status !== 'read') return sendProblem(response, body.problem);
      if (id !== undefined) {
        return await (asked === '/end' ? end : token)(credential, id, body.json, response);
      }
      const key = idempotencyKeyIn(request.headers['idempotency-key'] as string | undefined);
      if (key.status === 'malformed') return sendRefusal(response, KEY_MALFORMED);
      return await start(credential, key.status === 'given' ? key.key : undefined, body.json, response);
    } catch (error) {
      log.error({ err: error }, 'the issuer cannot answer');
      unavailable(response, error instanceof Error ? error.message : 'nothing can be recorded now', 1);
    }
  };
};

const KEY_MALFORMED: Refusal<'invalid_request'> = {
  status: 'refused',
  code: 'invalid_request',
  detail: 'Idempotency-Key: 1 to 64 visible ASCII characters, once',
  field: 'Idempotency-Key',
};

const NO_CREDENTIALS = 'no credentials are configured: give the collector a credentials file (WHENCE_CONFIG)';

const unauthenticated = (response: ServerResponse, detail: string): void =>
  sendProblem(
    response,
    { status: 401, code: 'unauthenticated', title: 'Who are you?', detail },
    { 'www-authenticate': 'Bearer' },
  );

const forbidden = (response: ServerResponse, detail: string): void =>
  sendProblem(response, { status: 403, code: 'may_not_send', title: 'Not allowed', detail });

const unavailable = (response: ServerResponse, detail: string, retryAfterSeconds: number): void =>
  sendProblem(
    response,
    { status: 503, code: 'issuer_unavailable', title: 'Not available now', detail },
    { 'retry-after': String(retryAfterSeconds) },
  );

const sendRefusal = (response: ServerResponse, refusal: Refusal<string>): void => {
  const status = STATUS_OF[refusal.code] ?? 403;
  const { code, detail, field } = refusal;
  const title = TITLE_OF[status] ?? 'Refused';
  sendProblem(response, { status, code, title, detail, ...(field === undefined ? {} : { field }) });
};

const readJson = async (request: IncomingMessage) => {
  const body = await readBody(request, REQUEST_MAX_BYTES, BODY_MEMORY);
  const problem = (status: number, detail: string) =>
    ({
      status: 'refused',
      problem: { status, code: 'invalid_request', title: 'Invalid request', detail },
    }) as const;
  if (body.status === 'aborted') return problem(400, 'the body was cut off');
  if (body.status === 'refused') return problem(body.httpStatus, body.reason);
  if (body.status === 'no_room') return problem(503, 'too many requests are under way: send again');
  try {
    const text = Buffer.from(body.bytes).toString('utf8');
    return { status: 'read', json: JSON.parse(text === '' ? '{}' : text) as unknown } as const;
  } catch (error) {
    return problem(400, `the body is not JSON: ${error instanceof Error ? error.message : error}`);
  } finally {
    body.release();
  }
};
