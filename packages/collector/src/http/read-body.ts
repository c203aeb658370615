import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';

export type ReadBody =
  | { readonly status: 'read'; readonly bytes: Uint8Array }
  /** `httpStatus` 400, 413 or 415, and why. */
  | { readonly status: 'refused'; readonly httpStatus: number; readonly reason: string }
  /** The sender went away in the middle. */
  | { readonly status: 'aborted' };

type Inflate = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>;

const INFLATE: Readonly<Record<string, Inflate>> = {
  gzip: promisify(gunzip) as Inflate,
  'x-gzip': promisify(gunzip) as Inflate,
  zstd: promisify(zstdDecompress) as Inflate,
};

/** Reads a request body, at most `maxBytes` before and after inflating (OTLP asks for both limits). */
export const readBody = async (request: IncomingMessage, maxBytes: number): Promise<ReadBody> => {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  const inflate = INFLATE[encoding];
  if (inflate === undefined && encoding !== 'identity' && encoding !== '') {
    return refused(415, `Content-Encoding "${encoding}" is not one of identity, gzip, zstd`);
  }
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) return tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch {
    return { status: 'aborted' };
  }
  const [only] = chunks;
  const raw = chunks.length === 1 ? only! : Buffer.concat(chunks, length);
  if (inflate === undefined || raw.length === 0) return { status: 'read', bytes: raw };
  try {
    return { status: 'read', bytes: await inflate(raw, { maxOutputLength: maxBytes }) };
  } catch (error) {
    if (error instanceof RangeError) return tooLarge(maxBytes);
    const reason = error instanceof Error ? error.message : String(error);
    return refused(400, `the body is not valid ${encoding}: ${reason}`);
  }
};

const refused = (httpStatus: number, reason: string): ReadBody => ({ status: 'refused', httpStatus, reason });

const tooLarge = (maxBytes: number): ReadBody =>
  refused(413, `the body is larger than ${maxBytes} bytes: send smaller batches`);
