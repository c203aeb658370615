/** What is left of its life, at most, when it is asked for anew. */
const RENEWED_AT = 1 / 3;
/** Where the issuer gave none. */
const AGAIN_MILLIS = 5000;

/**
 * The issuer's signed statement of a run (`Txn-Token`), for as long as the run lasts: it lives minutes, and is asked for
 * anew when it is wanted and most of that is over. A bearer's: never recorded, never shown to the host.
 */
export class RunToken {
  readonly #ask: () => Promise<string | undefined>;
  #text: string;
  #expiresAt = Number.POSITIVE_INFINITY;
  #renewAt = Number.POSITIVE_INFINITY;
  #asking = false;

  /** @param ask for another; never rejects */
  constructor(text: string, ask: () => Promise<string | undefined>, now = Date.now()) {
    this.#ask = ask;
    this.#text = text;
    this.#take(text, now);
  }

  /** Undefined where it has expired, as receivers refuse it then. Waits for nothing: another is there the next time. */
  current(now = Date.now()): string | undefined {
    if (now >= this.#renewAt && !this.#asking) void this.#renew(now);
    return now < this.#expiresAt ? this.#text : undefined;
  }

  async #renew(now: number): Promise<void> {
    this.#asking = true;
    const text = await this.#ask();
    this.#asking = false;
    if (text === undefined) this.#renewAt = now + AGAIN_MILLIS;
    else this.#take(text, now);
  }

  #take(text: string, now: number): void {
    const lifetimeMillis = lifetimeOf(text) * 1000;
    this.#text = text;
    this.#expiresAt = now + lifetimeMillis;
    this.#renewAt = now + Math.max(lifetimeMillis * (1 - RENEWED_AT), AGAIN_MILLIS);
  }
}

/** Seconds, from when it was made: the issuer's clock may be another. Unverified: whoever relies on the token verifies it. */
const lifetimeOf = (token: string): number => {
  try {
    const { iat, exp } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString('utf8'));
    if (typeof iat === 'number' && typeof exp === 'number') return exp - iat;
  } catch {}
  return Number.POSITIVE_INFINITY;
};
