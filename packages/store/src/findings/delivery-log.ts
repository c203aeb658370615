export const DELIVERY_STATUSES = [
  'pending',
  'sending',
  'failed',
  'dead',
  'gone',
  'delivered',
  'withheld',
] as const;

/**
 * `pending`: not tried yet. `sending`: somebody is at it, until `dueAt`. `failed`: tried again at `dueAt`. `dead`: given
 * up. `gone`: the receiver wants nothing any more. `delivered`: the receiver has it. `withheld`: it was muted when it was due.
 */
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

export const DELIVERY_EVENTS = ['finding.opened', 'finding.resolved'] as const;

export type DeliveryEvent = (typeof DELIVERY_EVENTS)[number];

/** One thing told to one receiver. Milliseconds since the epoch. */
export interface Delivery {
  /** UUID that follows from what is told to whom; `webhook-id`. */
  readonly id: string;
  /** Name, and a hash of the address. */
  readonly endpoint: string;
  readonly findingId: string;
  readonly event: DeliveryEvent;
  /** 0: not tried yet. */
  readonly attempt: number;
  readonly status: DeliveryStatus;
  /** Absent: no answer. */
  readonly httpStatus?: number;
  readonly failure?: string;
  readonly dueAtMillis: number;
  /** When it was found, or found to be over. */
  readonly eventAtMillis: number;
}

/**
 * Keeps what was, and is to be, sent for one tenant. Rows are added, never rewritten: the last attempt counts.
 *
 * Every method throws StoreError `store_unavailable` or `store_refused`, and nothing else.
 */
export interface DeliveryLog {
  /** Durable when it resolves. To add what is there already changes nothing. */
  record(deliveries: readonly Delivery[]): Promise<void>;
  /** What may be tried now, the oldest first. Nothing that was found longer than `DELIVERY_DAYS` ago. */
  due(endpoint: string, nowMillis: number, limit: number): Promise<readonly Delivery[]>;
  /** Whether a receiver has said that it wants nothing any more. */
  isGone(endpoint: string): Promise<boolean>;
  /** Newest first. */
  search(search: DeliverySearch): Promise<DeliveryPage>;
}

/** How long something may be waiting to be delivered. */
export const DELIVERY_DAYS = 10;

export interface DeliverySearch {
  readonly status?: DeliveryStatus;
  readonly findingId?: string;
  /** From 1 to 1000. */
  readonly limit: number;
  readonly after?: DeliveryPosition;
}

export interface DeliveryPosition {
  readonly eventAtMillis: number;
  readonly id: string;
}

export interface DeliveryPage {
  readonly deliveries: readonly Delivery[];
  readonly next?: DeliveryPosition;
}
