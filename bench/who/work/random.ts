/** Numbers from a seed: the same seed gives the same store on every machine. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** From 0 up to 1 (mulberry32). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.next() * items.length)]!;
  }

  /** A whole number of which small ones are frequent and great ones are rare: each order of magnitude as likely. */
  logBetween(low: number, high: number): number {
    return Math.round(low * (high / low) ** this.next());
  }

  /** An index below `count`; the first ones take most (an exponent of 1 is Zipf's law). */
  heavyTailed(count: number, exponent = 1): number {
    const u = this.next();
    const power = 1 - exponent;
    const rank =
      Math.abs(power) < 1e-9 ? (count + 1) ** u : (1 + u * ((count + 1) ** power - 1)) ** (1 / power);
    return Math.min(count - 1, Math.floor(rank) - 1);
  }
}
