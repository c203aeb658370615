import { promisify } from 'node:util';
import { gunzip, gunzipSync, zstdDecompress } from 'node:zlib';

/**
 * Inflates a body.
 *
 * @throws RangeError beyond `maxBytes`; Error where the bytes are not what they should be
 */
export type Inflate = (bytes: Uint8Array, maxBytes: number) => Uint8Array | Promise<Uint8Array>;

const gunzipElsewhere = promisify<Uint8Array, object, Uint8Array>(gunzip);
const zstdElsewhere = promisify<Uint8Array, object, Uint8Array>(zstdDecompress);

/** What becomes no larger is inflated here: sooner done than handed to another thread and back. */
const HERE_MAX_BYTES = 1 << 20;
const GZIP_LEAST_BYTES = 18;
const CHUNK_LEAST_BYTES = 1 << 10;
const CHUNK_MOST_BYTES = 4 << 20;

const inflateGzip: Inflate = (bytes, maxBytes) => {
  const told = toldLength(bytes);
  const chunkSize = Math.min(Math.max(told + 1, CHUNK_LEAST_BYTES), CHUNK_MOST_BYTES);
  if (told > 0 && told <= Math.min(HERE_MAX_BYTES, maxBytes)) {
    try {
      return gunzipSync(bytes, { maxOutputLength: told, chunkSize });
    } catch (error) {
      // Only the last of several members tells its length; and anyone can tell anything.
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return gunzipElsewhere(bytes, { maxOutputLength: maxBytes, chunkSize });
};

/** A gzip body ends with its inflated length (RFC 1952, ISIZE): a hint, by which it is inflated in one go. */
const toldLength = (bytes: Uint8Array): number =>
  bytes.length < GZIP_LEAST_BYTES
    ? 0
    : new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4).getUint32(0, true);

/** By `Content-Encoding`. */
export const INFLATE: Readonly<Record<string, Inflate>> = {
  gzip: inflateGzip,
  'x-gzip': inflateGzip,
  zstd: (bytes, maxBytes) => zstdElsewhere(bytes, { maxOutputLength: maxBytes }),
};
