import type { Assurance, Principal, SpanRef } from '@whence/model';

/** A question that was asked of the record, and what was answered. */
export interface RecordedQuery extends SpanRef {
  /** RFC 3339, nanoseconds. */
  readonly at: string;
  readonly durationNanos: number;
  /** Absent: nothing proved who asked. */
  readonly principal?: Principal;
  readonly assurance: Assurance;
  readonly role?: string;
  readonly method: string;
  /** `/v1/runs/{id}` */
  readonly route: string;
  /** `GET /v1/who?span=…` */
  readonly request: string;
  /** HTTP status. */
  readonly status: number;
  /** Code of the problem that was answered. */
  readonly problem?: string;
  /** Items of the record that were given, where they were counted. */
  readonly rows?: number;
  /** Requests that were refused and are not recorded one by one: this stands for so many. */
  readonly dropped?: number;
  readonly client?: string;
  readonly forwardedFor?: string;
  readonly userAgent?: string;
  /** The span that the request said it came from. */
  readonly caller?: SpanRef;
}

export interface QueryFilter {
  readonly principal?: string;
  /** How the path begins. */
  readonly path?: string;
  readonly fromNanos?: bigint;
  readonly toNanos?: bigint;
}

export interface QueryPosition {
  readonly startNanos: bigint;
  readonly spanId: string;
}

export interface QueriesFound {
  readonly queries: readonly RecordedQuery[];
  /** Where the page ended. Absent: it was the last. */
  readonly next?: QueryPosition;
}

export interface QuerySearch {
  readonly filter: QueryFilter;
  readonly limit: number;
  readonly after?: QueryPosition;
}

/** Who looked at what. */
export interface QueryReader {
  /** Newest first. @throws StoreError `store_unavailable` or `store_refused` */
  search(search: QuerySearch): Promise<QueriesFound>;
}
