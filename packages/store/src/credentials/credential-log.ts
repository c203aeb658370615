import { hostname } from 'node:os';
import { join } from 'node:path';
import type { DeclaredCredential } from '@whence/model';
import { type CredentialRecord, encodeCredentialRecord } from '../rowbinary/credential-rows.ts';
import { RowWriter } from '../rowbinary/row-writer.ts';
import type { Spool } from '../spool/spool.ts';
import { type CredentialHolder, CredentialUses } from './credential-uses.ts';
import { DeclaredList } from './declared-list.ts';

export interface CredentialLogOptions {
  /** Of `CREDENTIAL_RECORDS`. Its opener's to close, after the log. */
  readonly spool: Spool;
  /** Of the service's data. */
  readonly directory: string;
  /** That tells of them: `whence-collector`. */
  readonly service: string;
  /** How often what was counted is written down. What was counted since is lost where the process is killed. */
  readonly everyMillis: number;
  /** Told of requests that could not be counted. */
  readonly uncounted: (requests: number) => void;
  readonly log: CredentialLogLog;
}

export interface CredentialLogLog {
  error(fields: Record<string, unknown>, message: string): void;
}

/** Credentials that are counted between two records; beyond, they are written down at once. */
const USES_MAX = 10_000;
/** What could not be written waits in memory, up to so many records. */
const WAITING_MAX = 20_000;
const DECLARE_EVERY_MILLIS = 3_600_000;
const DECLARED_FILE = 'declared-credentials.json';

/**
 * The record of credentials: counts what is done with each, writes it down now and then, and tells what the credentials
 * file lists. Through a spool, so that each record is in the store once. Nothing that is counted here ever fails or waits.
 */
export class CredentialLog {
  readonly #options: CredentialLogOptions;
  readonly #uses = new CredentialUses(USES_MAX);
  readonly #declared: DeclaredList;
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #writer = new RowWriter();
  #entries: readonly DeclaredCredential[] = [];
  /** Not on disk yet. */
  #waiting: CredentialRecord[] = [];
  #writing: Promise<void> | undefined;
  #failureSaid = false;

  constructor(options: CredentialLogOptions) {
    this.#options = options;
    this.#declared = new DeclaredList(join(options.directory, DECLARED_FILE));
    this.#timers = [
      setInterval(() => void this.flush(), options.everyMillis).unref(),
      setInterval(() => void this.#declareAgain(), DECLARE_EVERY_MILLIS).unref(),
    ];
  }

  /** A request by which someone was recognised. @param address that it came from, without a port */
  used(holder: CredentialHolder, address: string | undefined): void {
    if (!this.#uses.used(holder, address, Date.now())) this.#options.uncounted(1);
    if (!this.#uses.full) return;
    this.#collect();
    if (this.#writing === undefined) void this.flush();
  }

  /** Spans of such a request that were accepted. */
  accepted(holder: CredentialHolder, spans: number): void {
    this.#uses.accepted(holder, spans, Date.now());
  }

  /**
   * Tells what the credentials file lists now, and what it no longer does: against what was told last, by whichever
   * process that had this directory. Resolves when it is on disk, or was tried: it is told again.
   */
  async declare(entries: readonly DeclaredCredential[]): Promise<void> {
    const told = this.#entries.length > 0 ? this.#entries : this.#declared.read();
    const there = new Set(entries.map(nameOf));
    const atMillis = Date.now();
    this.#entries = entries;
    this.#waiting.push(
      ...told
        .filter((entry) => !there.has(nameOf(entry)))
        .map((entry) => ({ record: 'withdrawn', entry, atMillis }) as const),
      ...entries.map((entry) => ({ record: 'declared', entry, atMillis }) as const),
    );
    await this.flush();
    if (this.#waiting.length > 0) return;
    try {
      this.#declared.write(entries);
    } catch (error) {
      this.#options.log.error({ err: error }, 'what the credentials file lists cannot be kept');
    }
  }

  /** Writes down what was counted. Resolves when it is on disk, or cannot be now: then it waits for the next time. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    this.#collect();
    if (this.#waiting.length === 0) return;
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined;
    });
    await this.#writing;
  }

  /** Writes down what was counted, and counts no more. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.flush();
    const records = this.#waiting.length;
    if (records > 0) this.#options.log.error({ records }, 'uses of credentials are not recorded');
  }

  #collect(): void {
    if (this.#waiting.length >= WAITING_MAX) return;
    for (const use of this.#uses.take()) this.#waiting.push({ record: 'used', use });
  }

  async #write(): Promise<void> {
    const { spool, service, log } = this.#options;
    const records = this.#waiting.splice(0);
    try {
      await spool.appendRecords(records.length, ({ batchId, firstRow, receivedAtMillis }) => {
        this.#writer.reset();
        for (const [i, record] of records.entries()) {
          const place = { batchId, rowNumber: firstRow + i, receivedAtMillis };
          encodeCredentialRecord(this.#writer, record, { service, host: hostname() }, place);
        }
        return this.#writer.copyOut();
      });
      this.#failureSaid = false;
    } catch (error) {
      this.#waiting.unshift(...records);
      if (!this.#failureSaid) {
        log.error({ err: error }, 'uses of credentials cannot be recorded now: they wait in memory');
      }
      this.#failureSaid = true;
    }
  }

  async #declareAgain(): Promise<void> {
    if (this.#entries.length > 0) await this.declare(this.#entries);
  }
}

const nameOf = ({ tenant, entryId }: DeclaredCredential): string => `${tenant} ${entryId}`;
