import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { request as requestOverTls } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import { jsonOf, type OtlpSpan, protobufOf, requestWith } from './otlp-request.ts';
import { takeDown } from './take-down.ts';

const agent = new Agent({ keepAlive: true });
takeDown(() => agent.destroy());

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Post {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Several pieces are sent in chunks, with no length. */
  readonly body?: Uint8Array | readonly Uint8Array[];
  /** Over https, on a connection of its own: whom to trust, and what to show. */
  readonly tls?: SecureContextOptions;
}

/** One request over a connection that is kept; rejects where no whole answer comes. */
export const exchange = (
  url: string,
  { method = 'POST', headers = {}, body = [], tls }: Post,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const whole = body instanceof Uint8Array;
    const sent = (tls === undefined ? request : requestOverTls)(url, {
      method,
      ...(tls === undefined ? { agent } : { agent: false, ...tls }),
      headers: { ...headers, ...(whole ? { 'content-length': String(body.length) } : {}) },
    });
    let answered = false;
    sent.on('response', (response) => {
      answered = true;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    // A server that has answered may close before it has read all.
    sent.on('error', (error) => {
      if (!answered) reject(error);
    });
    for (const piece of whole ? [body] : body) sent.write(piece);
    sent.end();
  });

export const postProtobuf = (
  collectorUrl: string,
  spans: readonly OtlpSpan[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  exchange(`${collectorUrl}/v1/traces`, {
    headers: { 'content-type': 'application/x-protobuf', ...headers },
    body: protobufOf(requestWith(spans)),
  });

export const postJson = (
  collectorUrl: string,
  spans: readonly OtlpSpan[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  exchange(`${collectorUrl}/v1/traces`, {
    headers: { 'content-type': 'application/json', ...headers },
    body: jsonOf(requestWith(spans)),
  });
