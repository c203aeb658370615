/** Tables in which something may arrive that attributions depend on. */
export type EvidenceTable = 'otel_traces' | 'runs';

/** The same, and that of what was concluded, on which counts depend. */
export type ArrivalTable = EvidenceTable | 'attributions';

/** Rows that were stored together, or merged since. */
export interface ArrivedPart<Table extends ArrivalTable = ArrivalTable> {
  readonly table: Table;
  readonly partition: string;
  readonly name: string;
  readonly rows: number;
}

/** Rows that are looked at together: of several parts all, or of one part some. */
export interface Slice<Table extends ArrivalTable = ArrivalTable> {
  readonly table: Table;
  readonly parts: readonly ArrivedPart<Table>[];
  /** Within each part, from 0, exclusive at the end. */
  readonly fromRow: number;
  readonly toRow: number;
  /** With it all rows of its parts were looked at. */
  readonly isLast: boolean;
}

export interface Arrived {
  readonly tenants: readonly string[];
}

/**
 * What has arrived in the store, of all tenants, and which of it was looked at.
 *
 * Told by the numbers that the store itself gives to inserted blocks: no clock has a part in it, neither that of a
 * collector, which may hand rows over hours after it received them, nor that of the store.
 *
 * Every method throws StoreError `store_unavailable` or `store_refused`, and nothing else.
 */
export interface Arrivals {
  /** Parts with rows that were not looked at yet, the newest first. */
  unseen<Table extends ArrivalTable>(table: Table): Promise<readonly ArrivedPart<Table>[]>;

  /** Whose rows these are. Traces among them that hold actions without a reference are watched from now on. */
  arrivedIn(slice: Slice<EvidenceTable>): Promise<Arrived>;

  /** Works out `traceId` anew when spans of these traces, or records of these runs, arrive. */
  watch(
    tenant: string,
    watches: readonly { readonly traceId: string; readonly watched: string }[],
  ): Promise<void>;

  /** All rows of these parts were looked at. Parts that are no longer there are passed over: their rows are elsewhere. */
  seen(parts: readonly ArrivedPart[]): Promise<void>;

  /** The store's clock: microseconds since the epoch. */
  now(): Promise<bigint>;
}
