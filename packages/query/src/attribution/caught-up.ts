/** Up to when everything was looked at that was stored by then. */
export class CaughtUp {
  /** Nothing is known of what was there before this service was. */
  #millis = Date.now();

  with(millis: number): void {
    this.#millis = millis;
  }

  get lagSeconds(): number {
    return Math.max(0, Date.now() - this.#millis) / 1000;
  }
}
