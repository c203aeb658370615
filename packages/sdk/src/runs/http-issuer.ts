import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { isRunId, parseReference, type Run } from '@whence/model';
import { isTokenText } from '../boundary/transaction-token.ts';
import { messageOf } from './failure.ts';
import { ISSUER_DEADLINE_MILLIS, type Issuer, type StartAnswer } from './issuer.ts';

const FIRST_BACKOFF_MILLIS = 100;
const ATTEMPT_MILLIS = 2500;
/** While it is known to be away, the host's runs wait this long each. */
const OUTAGE_MILLIS = 500;

export const httpIssuer = (
  url: string,
  key: string | undefined,
  deadlineMillis = ISSUER_DEADLINE_MILLIS,
): Issuer => {
  let patienceMillis = deadlineMillis;
  const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const post = async (path: string, body: unknown, headers: Headers = {}): Promise<Answer> => {
    const answer = await context.with(suppressTracing(context.active()), () =>
      persist(`${url}${path}`, { ...authorization, ...headers }, body, patienceMillis),
    );
    patienceMillis =
      answer.status === 'unreachable' ? Math.min(OUTAGE_MILLIS, deadlineMillis) : deadlineMillis;
    return answer;
  };
  return {
    start: async (request) => {
      // One run, however often it has to be asked for. In quotes: draft-ietf-httpapi-idempotency-key-header.
      const answer = await post('/v1/runs', request, { 'idempotency-key': `"${randomUUID()}"` });
      return answer.status === 'answered' ? started(answer.body) : answer;
    },
    end: async (runId, request) => {
      const answer = await post(`/v1/runs/${encodeURIComponent(runId)}/end`, request);
      return answer.status === 'answered' ? { status: 'ended' } : answer;
    },
    token: async (runId) => {
      const answer = await post(`/v1/runs/${encodeURIComponent(runId)}/token`, {});
      return answer.status === 'answered' ? tokenIn(answer.body) : undefined;
    },
  };
};

type Headers = Readonly<Record<string, string>>;
type No = Exclude<StartAnswer, { readonly status: 'started' }>;
type Answer = { readonly status: 'answered'; readonly body: unknown } | No;

/** The same request again, until it is answered one way or the other, or time is up. */
const persist = async (
  url: string,
  headers: Headers,
  body: unknown,
  deadlineMillis: number,
): Promise<Answer> => {
  const deadline = performance.now() + deadlineMillis;
  for (let backoff = FIRST_BACKOFF_MILLIS; ; backoff *= 2) {
    const left = Math.max(0, Math.ceil(deadline - performance.now()));
    const answer = await ask(url, headers, body, Math.min(ATTEMPT_MILLIS, left));
    if (answer.status !== 'unreachable' || performance.now() + backoff >= deadline) return answer;
    await delay(backoff);
  }
};

const ask = async (url: string, headers: Headers, body: unknown, timeoutMillis: number): Promise<Answer> => {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(Math.max(1, timeoutMillis)),
    });
    const answered = await response.json().catch(() => undefined);
    if (response.ok) return { status: 'answered', body: answered };
    return isFinal(response.status)
      ? refused(response.status, answered)
      : { status: 'unreachable', reason: `it answered ${response.status}` };
  } catch (error) {
    return { status: 'unreachable', reason: reasonOf(error) };
  }
};

/** A request timeout, too many requests and the server's own errors are worth another try. */
const isFinal = (status: number): boolean => status < 500 && status !== 408 && status !== 429;

const refused = (httpStatus: number, body: unknown): No => {
  const { code, detail } = fieldsOf(body);
  return {
    status: 'refused',
    httpStatus,
    ...(typeof code === 'string' ? { code } : {}),
    detail: typeof detail === 'string' ? detail : `the issuer answered ${httpStatus}`,
  };
};

const started = (body: unknown): StartAnswer => {
  const { run, reference } = fieldsOf(body);
  const { id } = fieldsOf(run);
  const parsed = typeof reference === 'string' ? parseReference(reference) : undefined;
  if (
    typeof id !== 'string' ||
    !isRunId(id) ||
    parsed?.status !== 'parsed' ||
    parsed.reference.runId !== id
  ) {
    return { status: 'unreachable', reason: 'it answered with no run and reference' };
  }
  const txnToken = tokenIn(body);
  return {
    status: 'started',
    run: run as Run,
    reference: reference as string,
    ...(txnToken === undefined ? {} : { txnToken }),
  };
};

const tokenIn = (body: unknown): string | undefined => {
  const { txnToken } = fieldsOf(body);
  return typeof txnToken === 'string' && isTokenText(txnToken) ? txnToken : undefined;
};

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** What undici says lies one cause deeper. */
const reasonOf = (error: unknown): string =>
  error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
