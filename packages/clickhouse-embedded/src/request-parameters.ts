import type { IncomingMessage } from 'node:http';
import { clickHouseError } from './clickhouse-error.ts';

/**
 * What a request says by name, in its URL or as fields of a form. Names and values are bytes held as latin1:
 * `URLSearchParams` would put U+FFFD in place of bytes that are no UTF-8, and so alter a statement without a word.
 */
export type RequestParameters = ReadonlyMap<string, string>;

/** Fields of a form are held in memory, so they are limited, in bytes. */
const MAX_FORM_BYTES = 64 * 2 ** 20;

/** Of a name given twice, the last counts. */
export function readUrlParameters(url: string): RequestParameters {
  const parameters = new Map<string, string>();
  const mark = url.indexOf('?');
  const pairs = mark < 0 ? [] : url.slice(mark + 1).split('&');
  for (const pair of pairs) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    parameters.set(decode(name), equals < 0 ? '' : decode(pair.slice(equals + 1)));
  }
  return parameters;
}

function decode(text: string): string {
  return text
    .replaceAll('+', ' ')
    .replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Whether the statement and its parameters come as a form, as clients send them when they are long. */
export function isForm(message: IncomingMessage): boolean {
  return message.headers['content-type']?.toLowerCase().startsWith('multipart/form-data') ?? false;
}

/** @throws ClickHouseError for a form that is malformed or too large, and for files, which would be tables */
export async function readForm(
  message: IncomingMessage,
  body: AsyncIterable<Buffer>,
): Promise<RequestParameters> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > MAX_FORM_BYTES) {
      throw clickHouseError('QUERY_IS_TOO_LARGE', `Forms may have ${MAX_FORM_BYTES} bytes at most`);
    }
    pieces.push(piece);
  }
  const headers = { 'content-type': message.headers['content-type'] as string };
  const form = await new Response(Buffer.concat(pieces), { headers }).formData().catch(() => {
    throw clickHouseError('BAD_ARGUMENTS', 'The multipart/form-data body is malformed');
  });
  const parameters = new Map<string, string>();
  for (const [name, value] of form) {
    if (typeof value !== 'string') {
      throw clickHouseError(
        'NOT_IMPLEMENTED',
        `External tables (${name}) are not supported by the embedded server`,
      );
    }
    parameters.set(name, Buffer.from(value).toString('latin1'));
  }
  return parameters;
}
