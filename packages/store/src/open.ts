import type { ClickHouseClient } from '@clickhouse/client';
import { type Address, addressesOf, type StoreOptions } from './addresses.ts';
import { StoreError } from './store-error.ts';

/** ClickHouse, the schema in place. Everything else in this package works on one. */
export interface Store {
  readonly database: string;
  /** The address in use. */
  readonly url: string;
  /** Of the address in use: another one after that has failed. */
  readonly client: ClickHouseClient;
  /**
   * Does what must not be done twice, at the address in use. Where that fails to answer, what comes next goes to the
   * next address.
   *
   * @throws StoreError `store_unavailable`, `store_refused`, `schema_mismatch`.
   */
  once<Result>(work: (client: ClickHouseClient) => Promise<Result>): Promise<Result>;
  /** The same for what may be asked again: of each address once, as long as none answers. */
  ask<Result>(work: (client: ClickHouseClient) => Promise<Result>): Promise<Result>;
  ping(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Connects to the first address that answers, creates the database where it is missing, and brings its schema to this
 * version.
 *
 * @throws StoreError `options_invalid`; `store_unavailable` where nothing answers at any address, `store_refused` where
 * the server refuses, `schema_mismatch` where the database is newer than this program.
 */
export const openStore = async (options: StoreOptions): Promise<Store> => {
  const store = new AddressedStore(addressesOf(options), options.database ?? 'whence');
  try {
    await store.ask(async () => {});
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
};

class AddressedStore implements Store {
  readonly database: string;
  readonly #addresses: readonly Address[];
  #used = 0;

  constructor(addresses: readonly Address[], database: string) {
    this.#addresses = addresses;
    this.database = database;
  }

  get url(): string {
    return this.#address.origin;
  }

  get client(): ClickHouseClient {
    return this.#address.client;
  }

  once<Result>(work: (client: ClickHouseClient) => Promise<Result>): Promise<Result> {
    return this.#at(this.#address, work);
  }

  async ask<Result>(work: (client: ClickHouseClient) => Promise<Result>): Promise<Result> {
    for (let left = this.#addresses.length; ; left--) {
      const address = this.#address;
      try {
        return await this.#at(address, work);
      } catch (error) {
        if (left <= 1 || address === this.#address) throw error;
      }
    }
  }

  async ping(): Promise<boolean> {
    return (await this.client.ping()).success;
  }

  async close(): Promise<void> {
    for (const { client } of this.#addresses) await client.close();
  }

  get #address(): Address {
    return this.#addresses[this.#used]!;
  }

  async #at<Result>(address: Address, work: (client: ClickHouseClient) => Promise<Result>): Promise<Result> {
    let open = false;
    try {
      await address.open();
      open = true;
      return await work(address.client);
    } catch (cause) {
      const error = storeErrorOf(cause, address.origin);
      // Several requests may fail at once: the address is left by the first of them.
      if ((!open || isAway(error)) && address === this.#address) {
        this.#used = (this.#used + 1) % this.#addresses.length;
      }
      throw error;
    }
  }
}

/** Answers of a server that cannot serve now, and of which another may know more: ClickHouse's codes. */
const AWAY_CODES = new Set([
  '202', // too many simultaneous queries
  '225', // no ZooKeeper
  '236', // aborted: shutting down
  '242', // table is read-only: its replica has lost ZooKeeper
  '999', // Keeper exception
]);

const isAway = (error: StoreError): boolean =>
  error.code === 'store_unavailable' || AWAY_CODES.has(clickHouseCode(error.cause));

/** ClickHouse's number of an error; empty where it is none of ClickHouse's. */
export const clickHouseCode = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^\d+$/.test(code) ? code : '';
};

const TEXT_MAX = 500;

/** What a failed request to ClickHouse means for the caller: worth another try, or not. */
export const storeErrorOf = (error: unknown, url: string): StoreError => {
  if (error instanceof StoreError) return error;
  const text = (error instanceof Error ? error.message || String(error) : String(error)).slice(0, TEXT_MAX);
  const code = clickHouseCode(error);
  if (code !== '') {
    return new StoreError('store_refused', `ClickHouse at ${url} refused: code ${code}: ${text}`, {
      cause: error,
    });
  }
  const system = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new StoreError('store_unavailable', `ClickHouse at ${url} does not answer: ${system || text}`, {
    cause: error,
  });
};
