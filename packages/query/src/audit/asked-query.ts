import type { SpanRef } from '@whence/model';
import type { Asker } from '../api/asker.ts';

/** One request, and what came of it. */
export interface AskedQuery extends SpanRef {
  /** Absent: nothing proved who asks. */
  readonly asker?: Asker;
  readonly method: string;
  /** As the API describes it: `/v1/runs/{id}`. */
  readonly route: string;
  /** `GET /v1/who?span=e000000000000004`; values of unknown parameters are left out. */
  readonly line: string;
  /** HTTP status that is answered. */
  readonly status: number;
  /** Code of the problem that is answered, where it is one. */
  readonly problem?: string;
  /** Items of the record that the answer gives: of a list its entries. Absent: not counted. */
  readonly rows?: number;
  readonly startedAtMillis: number;
  readonly durationNanos: number;
  /** Address of the connection's other end. */
  readonly client: string;
  /** What a proxy, or whoever writes that header, says of where the request came from. */
  readonly forwardedFor?: string;
  readonly userAgent?: string;
  /** What the request says of its own place in a trace. */
  readonly caller?: SpanRef;
}

/** Nobody was let in, or not that far: nothing of the record is in the answer. */
export const isRefused = ({ status, asker }: Pick<AskedQuery, 'status' | 'asker'>): boolean =>
  asker === undefined || status === 401 || status === 403;
