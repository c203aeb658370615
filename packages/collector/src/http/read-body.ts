import type { IncomingMessage } from 'node:http';
import { BufferPool } from '../buffer-pool.ts';
import type { BodyLease, BodyMemory } from '../receive/body-memory.ts';
import { INFLATE } from './inflate.ts';

export type ReadBody =
  /** `release` must be called once, when nothing looks at the bytes any more. */
  | { readonly status: 'read'; readonly bytes: Uint8Array; readonly release: () => void }
  /** `httpStatus` 400, 413 or 415, and why. */
  | { readonly status: 'refused'; readonly httpStatus: number; readonly reason: string }
  /** Others take up the memory for bodies: later is fine. */
  | { readonly status: 'no_room' }
  /** The sender went away in the middle. */
  | { readonly status: 'aborted' };

/** Reads a request body, at most `maxBytes` before and after inflating (OTLP asks for both limits). */
export const readBody = async (
  request: IncomingMessage,
  maxBytes: number,
  memory: BodyMemory,
): Promise<ReadBody> => {
  const lease = memory.lease();
  const body = await readInto(lease, request, maxBytes);
  if (body.status !== 'read') lease.release();
  return body;
};

const readInto = async (lease: BodyLease, request: IncomingMessage, maxBytes: number): Promise<ReadBody> => {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  const inflate = INFLATE[encoding];
  if (inflate === undefined && encoding !== 'identity' && encoding !== '') {
    return refused(415, `Content-Encoding "${encoding}" is not one of identity, gzip, zstd`);
  }
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return tooLarge(maxBytes);
  const raw = await readRaw(lease, request, maxBytes);
  if (raw === 'too_large') return tooLarge(maxBytes);
  if (typeof raw === 'string') return { status: raw };
  if (inflate === undefined || raw.length === 0) {
    const release = (): void => {
      POOL.give(raw);
      lease.release();
    };
    return { status: 'read', bytes: raw, release };
  }
  try {
    const inflated = inflate(raw, maxBytes);
    const bytes = inflated instanceof Promise ? await inflated : inflated;
    // How large it is, is known for certain only now; so many are inflated at a time as there are threads for it.
    return lease.hold(bytes.length)
      ? { status: 'read', bytes, release: () => lease.release() }
      : { status: 'no_room' };
  } catch (error) {
    if (error instanceof RangeError) return tooLarge(maxBytes);
    const reason = error instanceof Error ? error.message : String(error);
    return refused(400, `the body is not valid ${encoding}: ${reason}`);
  } finally {
    POOL.give(raw);
  }
};

const POOL = new BufferPool();
/** More is reserved when it comes: a length is easily told. */
const FIRST_BUFFER_BYTES = 1 << 20;

/** Into one pooled buffer, where the length is told beforehand. What is not read stays for whoever answers. */
const readRaw = (
  lease: BodyLease,
  request: IncomingMessage,
  maxBytes: number,
): Promise<Uint8Array | 'aborted' | 'too_large' | 'no_room'> =>
  new Promise((resolve) => {
    const told = Number(request.headers['content-length'] ?? 0);
    let body = POOL.take(Math.min(told, FIRST_BUFFER_BYTES));
    let length = 0;
    const stop = (outcome: Uint8Array | 'aborted' | 'too_large' | 'no_room'): void => {
      request.pause().off('data', take).off('end', whole).off('error', cut).off('close', cut);
      resolve(outcome);
    };
    const hasRoomFor = (bytes: number): boolean => {
      if (bytes <= body.length) return true;
      body = grown(body, length, bytes);
      return lease.hold(body.length);
    };
    const take = (chunk: Buffer): void => {
      const needed = length + chunk.length;
      if (needed > maxBytes) stop('too_large');
      else if (!hasRoomFor(needed)) stop('no_room');
      else {
        body.set(chunk, length);
        length = needed;
      }
    };
    const whole = (): void => stop(body.subarray(0, length));
    const cut = (): void => stop('aborted');
    if (request.destroyed) stop('aborted');
    else if (!lease.hold(body.length)) stop('no_room');
    else request.on('data', take).on('end', whole).on('error', cut).on('close', cut);
  });

const grown = (bytes: Uint8Array, length: number, needed: number): Uint8Array => {
  const larger = POOL.take(Math.max(needed, bytes.length * 2));
  larger.set(bytes.subarray(0, length));
  POOL.give(bytes);
  return larger;
};

const refused = (httpStatus: number, reason: string): ReadBody => ({ status: 'refused', httpStatus, reason });

const tooLarge = (maxBytes: number): ReadBody =>
  refused(413, `the body is larger than ${maxBytes} bytes: send smaller batches`);
