/** Why something was not accepted, whatever protocol it came by. */
export type RefusalReason =
  /** No credential, or none that proves anything. */
  | 'unauthenticated'
  /** Known, but not one that may send. */
  | 'forbidden'
  /** The tenant sends more than it may: later is fine. */
  | 'rate_limited'
  /** The message is larger than is taken. */
  | 'too_large'
  /** The bytes are no such message: the same bytes will never do. */
  | 'malformed'
  /** It cannot be kept now: later is fine. */
  | 'unavailable';

export interface Refused {
  readonly status: 'refused';
  readonly reason: RefusalReason;
  /** What was wrong and what to do, for the sender. */
  readonly message: string;
  /** Seconds after which it may be sent again; absent where that cannot help. */
  readonly retryAfterSeconds?: number;
}

export const refused = (reason: RefusalReason, message: string, retryAfterSeconds?: number): Refused => ({
  status: 'refused',
  reason,
  message,
  ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
});

export const NO_ROOM = refused(
  'unavailable',
  'other requests take up the memory for bodies (WHENCE_BODIES_MAX_BYTES): send again',
  1,
);
