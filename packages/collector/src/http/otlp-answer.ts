import type { ServerResponse } from 'node:http';
import type { OtlpEncoding } from '../otlp/encoding.ts';
import { partialSuccess } from '../otlp/export-response.ts';
import { WireWriter } from '../otlp/wire-writer.ts';
import type { RefusalReason } from '../receive/refusal.ts';

/** @returns undefined where the header names neither encoding. Parameters (`; charset=utf-8`) are legal. */
export const otlpEncodingOf = (contentType: string | undefined): OtlpEncoding | undefined => {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  return type === 'application/x-protobuf' || type === 'application/json' ? type : undefined;
};

/** OTLP/HTTP: of these a client sends again only 429 and 503. */
export const HTTP_STATUS: Readonly<Record<RefusalReason, number>> = {
  unauthenticated: 401,
  forbidden: 403,
  rate_limited: 429,
  too_large: 413,
  malformed: 400,
  unavailable: 503,
};

/** google.rpc.Code by HTTP status. */
const RPC_CODE: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 12,
  405: 12,
  413: 8,
  415: 3,
  429: 8,
  503: 14,
};

/** Sends a `google.rpc.Status`: every OTLP/HTTP 4xx and 5xx has one, in the request's encoding. */
export const sendOtlpError = (
  response: ServerResponse,
  encoding: OtlpEncoding,
  httpStatus: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void => {
  const code = RPC_CODE[httpStatus] ?? 2;
  const body =
    encoding === 'application/json'
      ? JSON.stringify({ code, message })
      : new WireWriter().int(1, code).string(2, message).finish();
  send(response, httpStatus, encoding, body, headers);
};

/**
 * Sends an `Export…ServiceResponse`; `partial_success` is set only where something was rejected.
 *
 * @param rejectedField its name in JSON, in which alone the signals differ: `rejectedSpans`
 */
export const sendOtlpAccepted = (
  response: ServerResponse,
  encoding: OtlpEncoding,
  rejected: number,
  errorMessage: string,
  rejectedField: string,
): void => {
  if (encoding === 'application/json') {
    const body =
      rejected === 0 ? {} : { partialSuccess: { [rejectedField]: String(rejected), errorMessage } };
    send(response, 200, encoding, JSON.stringify(body), {});
    return;
  }
  send(response, 200, encoding, partialSuccess(rejected, errorMessage), {});
};

const send = (
  response: ServerResponse,
  httpStatus: number,
  contentType: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>>,
): void => {
  response.writeHead(httpStatus, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
};
