/** What is watched for already, as far as is remembered: to say it again does no harm, and costs an insert. */
export class WatchedAlready {
  readonly #most: number;
  readonly #millis: number;
  #since = Date.now();
  #known = new Set<string>();

  /** @param millis how long it is remembered: watches end some time after they were last said. */
  constructor(most = 100_000, millis = 86_400_000) {
    this.#most = most;
    this.#millis = millis;
  }

  without<Watch extends Watched>(tenant: string, watches: readonly Watch[]): readonly Watch[] {
    if (this.#known.size >= this.#most || Date.now() - this.#since > this.#millis) {
      this.#known = new Set();
      this.#since = Date.now();
    }
    return watches.filter((watch) => !this.#known.has(keyOf(tenant, watch)));
  }

  add(tenant: string, watches: readonly Watched[]): void {
    for (const watch of watches) this.#known.add(keyOf(tenant, watch));
  }
}

interface Watched {
  readonly traceId: string;
  readonly watched: string;
}

const keyOf = (tenant: string, { traceId, watched }: Watched): string => `${tenant} ${watched} ${traceId}`;
