import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
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
 * The body of a request, decompressed, piece by piece as it is asked for. Ending early leaves the request as it
 * is, so that it can still be answered; see `discardRest`.
 * @throws ClickHouseError when it is too large, damaged, cut off, or in an unknown encoding
 */
export async function* readBody(message: IncomingMessage, limits: BodyLimits): AsyncGenerator<Buffer> {
  const decoder = decoderFor(message);
  const cutOff = (error: Error): unknown => decoder?.destroy(error);
  let idle = false;
  message.setTimeout(limits.idleMillis, () => {
    idle = true;
    message.destroy();
  });
  if (decoder) message.on('error', cutOff).pipe(decoder);
  let bytes = 0;
  try {
    for await (const piece of (decoder ?? message).iterator({ destroyOnReturn: false })) {
      bytes += (piece as Buffer).length;
      if (bytes > limits.maxBytes) {
        throw clickHouseError(
          'TOO_LARGE_STRING_SIZE',
          `The body of the request exceeds ${limits.maxBytes} bytes`,
        );
      }
      yield piece as Buffer;
    }
  } catch (error) {
    if (idle) throw clickHouseError('SOCKET_TIMEOUT', `Nothing received for ${limits.idleMillis} ms`);
    throw named(error as NodeJS.ErrnoException);
  } finally {
    message.setTimeout(0);
    if (decoder) {
      message.off('error', cutOff).unpipe(decoder);
      decoder.destroy();
    }
  }
}

/**
 * Reads a body to its end and drops it, so that a client which still sends gets to read the answer. One that
 * sends for too long is cut off.
 */
export async function discardRest(message: IncomingMessage, maxMillis: number): Promise<void> {
  if (message.complete || message.destroyed) return;
  const timer = setTimeout(() => message.destroy(), maxMillis);
  await new Promise((resolve) => message.once('end', resolve).once('close', resolve).resume());
  clearTimeout(timer);
}

function decoderFor(message: IncomingMessage): Transform | undefined {
  const encoding = message.headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return undefined;
  const create = decoders[encoding];
  if (!create) throw clickHouseError('NOT_IMPLEMENTED', `Unknown HTTP Content-Encoding: ${encoding}`);
  return create();
}

function named(error: NodeJS.ErrnoException): Error {
  if (/^(Z_|ZSTD_|ERR__|ERR_BROTLI)/.test(error.code ?? '')) {
    return clickHouseError(
      'ZLIB_INFLATE_FAILED',
      `Cannot decompress the body of the request: ${error.message}`,
    );
  }
  if (error.code === 'ECONNRESET' || error.code === 'ERR_STREAM_PREMATURE_CLOSE') {
    return clickHouseError('NETWORK_ERROR', 'The body of the request was cut off');
  }
  return error;
}
