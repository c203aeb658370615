/** How often this consumer has had each message whose handling failed. Kafka itself does not say. */
export class Redeliveries {
  readonly #failed = new Map<string, ReadonlyMap<string, number>>();

  /** From 1. */
  attempt(partition: string, offset: string): number {
    return (this.#failed.get(partition)?.get(offset) ?? 0) + 1;
  }

  /** What fails comes again, all of it. */
  async watch<T>(partition: string, offsets: readonly string[], handle: () => Promise<T>): Promise<T> {
    try {
      const result = await handle();
      this.#failed.delete(partition);
      return result;
    } catch (error) {
      this.#failed.set(
        partition,
        new Map(offsets.map((offset) => [offset, this.attempt(partition, offset)])),
      );
      throw error;
    }
  }
}
