import { createLocalJWKSet, type LocalJWKSet } from 'jose';
import { publishedKeys } from './key-set-source.ts';
import type { TokenIssuer } from './token-issuer.ts';

/** The keys of an issuer at one time. A set with other keys is another object. */
export interface KeySnapshot {
  readonly keyOf: LocalJWKSet;
  readonly published: string;
}

export type Fetched =
  /** By the fetch of this number. */
  | { readonly status: 'fetched'; readonly fetch: number }
  | { readonly status: 'failed'; readonly retryAfterSeconds: number }
  /** Asked too often lately. */
  | { readonly status: 'too_soon'; readonly retryAfterSeconds: number };

/** What an operator should hear about. */
export interface KeyNotice {
  readonly issuer: string;
  readonly status: 'fetched' | 'failed';
  readonly detail: string;
}

export interface IssuerKeysOptions {
  /** Milliseconds since whenever: a clock that is never set, so that nothing waits for a day because that one was. */
  readonly elapsed: () => number;
  readonly notice: (notice: KeyNotice) => void;
}

const REFRESH_MILLIS = 5 * 60_000;
const FIRST_RETRY_MILLIS = 1_000;
const RETRY_MAX_MILLIS = 30_000;
/** Unknown key ids are free to make: they may cause this many fetches at once, and one more per interval. */
const FETCH_BURST = 5;
const FETCH_INTERVAL_MILLIS = 10_000;

/**
 * An issuer's keys, kept. Fetched at the start, again every few minutes while they are used, and when a key is asked for
 * that is not among them. While they cannot be fetched, the last ones stay good.
 */
export class IssuerKeys {
  readonly #issuer: TokenIssuer;
  readonly #options: IssuerKeysOptions;
  #snapshot: KeySnapshot | undefined;
  #fetching: Promise<Fetched> | undefined;
  #fetches = 0;
  #failures = 0;
  /** No fetch before. */
  #nextAtMillis = 0;
  #refreshAtMillis = 0;
  #burst = FETCH_BURST;
  #burstAtMillis: number;

  constructor(issuer: TokenIssuer, options: IssuerKeysOptions) {
    this.#issuer = issuer;
    this.#options = options;
    this.#burstAtMillis = options.elapsed();
    void this.#fetch();
  }

  /** The last that were published; undefined before the first. Returns at once. */
  get current(): KeySnapshot | undefined {
    const now = this.#options.elapsed();
    if (now >= this.#refreshAtMillis && now >= this.#nextAtMillis) void this.#fetch();
    return this.#snapshot;
  }

  /** How many fetches have begun. */
  get fetches(): number {
    return this.#fetches;
  }

  /** Resolves when a fetch that is under way is over. */
  async settled(): Promise<void> {
    await this.#fetching;
  }

  /** Asks the issuer, unless it was asked too often or has failed lately. Everyone who waits shares one fetch. */
  async fetchNow(): Promise<Fetched> {
    if (this.#fetching !== undefined) return this.#fetching;
    const now = this.#options.elapsed();
    if (now < this.#nextAtMillis)
      return { status: 'failed', retryAfterSeconds: this.#retryAfterSeconds(now) };
    const intervals = Math.floor((now - this.#burstAtMillis) / FETCH_INTERVAL_MILLIS);
    if (intervals > 0) {
      this.#burst = Math.min(FETCH_BURST, this.#burst + intervals);
      this.#burstAtMillis += intervals * FETCH_INTERVAL_MILLIS;
    }
    if (this.#burst === 0) {
      const millis = this.#burstAtMillis + FETCH_INTERVAL_MILLIS - now;
      return { status: 'too_soon', retryAfterSeconds: Math.max(1, Math.ceil(millis / 1000)) };
    }
    this.#burst--;
    return this.#fetch();
  }

  #fetch(): Promise<Fetched> {
    this.#fetching ??= this.#attempt().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #attempt(): Promise<Fetched> {
    const { issuer, keys: place } = this.#issuer;
    const fetch = ++this.#fetches;
    try {
      const set = await publishedKeys(issuer, place);
      const published = JSON.stringify(set);
      if (published !== this.#snapshot?.published) {
        this.#snapshot = { keyOf: createLocalJWKSet(set), published };
        this.#say('fetched', `keys: ${set.keys.map(({ kid }) => kid ?? '(no id)').join(', ')}`);
      } else if (this.#failures > 0) {
        this.#say('fetched', 'the keys are the same');
      }
      this.#failures = 0;
      this.#nextAtMillis = 0;
      this.#refreshAtMillis = this.#options.elapsed() + REFRESH_MILLIS;
      return { status: 'fetched', fetch };
    } catch (error) {
      const now = this.#options.elapsed();
      this.#nextAtMillis = now + Math.min(RETRY_MAX_MILLIS, FIRST_RETRY_MILLIS * 2 ** this.#failures);
      this.#failures = Math.min(this.#failures + 1, 10);
      if (this.#failures === 1) this.#say('failed', error instanceof Error ? error.message : String(error));
      return { status: 'failed', retryAfterSeconds: this.#retryAfterSeconds(now) };
    }
  }

  #retryAfterSeconds(now: number): number {
    return Math.max(1, Math.ceil((this.#nextAtMillis - now) / 1000));
  }

  #say(status: KeyNotice['status'], detail: string): void {
    this.#options.notice({ issuer: this.#issuer.issuer, status, detail });
  }
}
