import type { IncomingMessage, ServerResponse } from 'node:http';

export const sendJson = (
  response: ServerResponse,
  httpStatus: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void => {
  const text = JSON.stringify(body);
  response.writeHead(httpStatus, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
};

export interface Problem {
  readonly status: number;
  /** One of a closed set per route: callers switch on it. */
  readonly code: string;
  readonly title: string;
  /** What was wrong, where, and what to do. */
  readonly detail: string;
  readonly field?: string;
}

/** RFC 9457 problem details. */
export const sendProblem = (
  response: ServerResponse,
  problem: Problem,
  headers: Readonly<Record<string, string>> = {},
): void => {
  const text = JSON.stringify({ type: 'about:blank', ...problem });
  response.writeHead(problem.status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
};

export const methodNotAllowed = (request: IncomingMessage, response: ServerResponse, allowed: string): void =>
  sendProblem(
    response,
    {
      status: 405,
      code: 'method_not_allowed',
      title: 'Method not allowed',
      detail: `${request.method} is not allowed here: use ${allowed}`,
    },
    { allow: allowed },
  );
