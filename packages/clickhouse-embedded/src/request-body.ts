import type { IncomingMessage } from 'node:http';
import { pipeline, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { clickHouseError } from './clickhouse-error.ts';

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

export interface BodyLimits {
  /** After decompression: a small body may unpack to a thousand times its size. */
  readonly maxBytes: number;
  /** How long the sender may be silent, in milliseconds. */
  readonly idleMillis: number;
}

/**
 * The body of a request, decompressed, piece by piece as it is asked for.
 * @throws ClickHouseError when it is too large, damaged, cut off, or in an unknown encoding
 */
export async function* readBody(message: IncomingMessage, limits: BodyLimits): AsyncGenerator<Buffer> {
  const encoding = message.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  const decoder = encoding === 'identity' || encoding === '' ? undefined : decoders[encoding];
  if (!decoder && encoding !== 'identity' && encoding !== '') {
    throw clickHouseError('NOT_IMPLEMENTED', `Unknown HTTP Content-Encoding: ${encoding}`);
  }
  let idle = false;
  message.setTimeout(limits.idleMillis, () => {
    idle = true;
    message.destroy();
  });
  const source = decoder ? pipeline(message, decoder(), () => undefined) : message;
  let bytes = 0;
  try {
    for await (const piece of source as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > limits.maxBytes) {
        throw clickHouseError(
          'TOO_LARGE_STRING_SIZE',
          `The body of the request exceeds ${limits.maxBytes} bytes`,
        );
      }
      yield piece;
    }
  } catch (error) {
    const { code = '', message: text } = error as NodeJS.ErrnoException;
    if (/^(Z_|ZSTD_|ERR__|ERR_BROTLI)/.test(code)) {
      throw clickHouseError('ZLIB_INFLATE_FAILED', `Cannot decompress the body of the request: ${text}`);
    }
    if (idle) throw clickHouseError('SOCKET_TIMEOUT', `Nothing received for ${limits.idleMillis} ms`);
    if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') {
      throw clickHouseError('NETWORK_ERROR', 'The body of the request was cut off');
    }
    throw error;
  } finally {
    message.setTimeout(0);
  }
}
