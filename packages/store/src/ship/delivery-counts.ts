/** What is counted of deliveries, and what each count says. */
export const DELIVERY_COUNTS = {
  batchesShipped: 'Batches that the store has, by table',
  rowsShipped: 'Rows that the store has, by table',
  shipRetries: 'Attempts to ship a batch whose outcome was uncertain, by table',
  batchesSetAside: 'Batches with rows that the store will never take, by table',
  rowsSetAside: 'Rows that the store will never take, by table',
  batchesRepaired: 'Attempts to complete a batch of which the store has a part, by table',
  batchesInConflict: 'Batches under whose id the store has other rows, or rows twice, by table and kind',
} as const;

export type DeliveryCount = keyof typeof DELIVERY_COUNTS;

/** Whoever delivers counts; how the counts are named and shown is its host's. */
export interface DeliveryCounts {
  /** @param labels in Prometheus' form: `table="runs"` */
  add(what: DeliveryCount, count: number, labels: string): void;
}
