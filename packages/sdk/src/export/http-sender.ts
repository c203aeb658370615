import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import { messageOf } from '../runs/failure.ts';
import { type Sender, type Sent, taken } from './sender.ts';

/** OTLP/HTTP in protobuf, set up by the `OTEL_EXPORTER_OTLP_*` variables (headers, timeout, gzip, certificates). */
export const httpSender = (url: string, authorization: string | undefined): Sender => {
  const options = convertLegacyHttpOptions(
    { url, ...(authorization === undefined ? {} : { headers: { authorization } }) },
    'TRACES',
    'v1/traces',
    { 'content-type': 'application/x-protobuf' },
  );
  const target = new URL(options.url);
  const post = async (request: Uint8Array): Promise<Sent> => {
    const [{ request: open }, agent, headers] = await Promise.all([
      target.protocol === 'https:' ? import('node:https') : import('node:http'),
      options.agentFactory(target.protocol),
      options.headers(),
    ]);
    const zipped = options.compression === 'gzip';
    const body = zipped ? await compressed(request) : request;
    return new Promise((resolve) => {
      const outgoing = open(target, {
        method: 'POST',
        agent,
        headers: {
          ...headers,
          'content-length': body.byteLength,
          ...(zipped ? { 'content-encoding': 'gzip' } : {}),
        },
      });
      const late = setTimeout(
        () => outgoing.destroy(new Error(`no answer within ${options.timeoutMillis} ms`)),
        options.timeoutMillis,
      );
      const settle = (sent: Sent): void => {
        clearTimeout(late);
        resolve(sent);
      };
      outgoing.on('error', (error) => settle({ status: 'away', reason: messageOf(error) }));
      outgoing.on('response', (answer) => void answerOf(answer).then(settle));
      outgoing.end(body);
    });
  };
  return {
    send: (request) =>
      context
        .with(suppressTracing(context.active()), () => post(request))
        .catch((error: unknown) => ({ status: 'away', reason: messageOf(error) })),
  };
};

const compressed = promisify(gzip);

const ANSWER_MAX_BYTES = 64 << 10;

const answerOf = async (answer: IncomingMessage): Promise<Sent> => {
  const status = answer.statusCode ?? 0;
  const body = await bodyOf(answer);
  if (status >= 200 && status < 300) return taken(body);
  const reason = `${status} ${answer.statusMessage ?? ''}`.trim();
  if (FAULTS_OF_THE_REQUEST.has(status)) return { status: 'refused', reason };
  const seconds = Number(answer.headers['retry-after']);
  return {
    status: 'away',
    reason,
    ...(seconds > 0 ? { retryAfterMillis: Math.min(seconds, RETRY_AFTER_MAX_SECONDS) * 1000 } : {}),
  };
};

/** Of all others (a credential that is not accepted, a path that is not there) an operator can make a success. */
const FAULTS_OF_THE_REQUEST: ReadonlySet<number> = new Set([400, 413, 415, 422]);
const RETRY_AFTER_MAX_SECONDS = 60;

const bodyOf = async (answer: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      if (bytes <= ANSWER_MAX_BYTES) chunks.push(chunk);
    }
  } catch {
    return Buffer.alloc(0);
  }
  return Buffer.concat(chunks);
};
