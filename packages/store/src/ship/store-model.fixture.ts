import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import type { Store } from '../open.ts';
import { decodeRows } from '../rowbinary/rows.ts';
import { RUNS } from '../tables/runs.ts';

/** What happens to one insert. */
export type Fate =
  | 'answered'
  /** Done, but the answer is lost. */
  | 'unanswered'
  /** Not done, and no answer. */
  | 'lost'
  /** Answered with an error that passes. */
  | 'busy'
  /** Its first half is done, and there is no answer. */
  | 'half done';

/** A store in memory, with deduplication by token, whose inserts meet their fates in turn. */
export class StoreModel {
  /** Rows by number, as CRC-32 of their bytes. */
  readonly held: { readonly number: number; readonly crc: number }[] = [];
  readonly tokens = new Set<string>();
  readonly fates: Fate[];
  /** Rows that are refused, by number. */
  readonly poison: ReadonlySet<number>;
  inserts = 0;

  constructor(fates: readonly Fate[] = [], poison: Iterable<number> = []) {
    this.fates = [...fates];
    this.poison = new Set(poison);
  }

  get numbers(): readonly number[] {
    return this.held.map(({ number }) => number).sort((a, b) => a - b);
  }

  get store(): Store {
    const client = { exec: (request: Request) => this.exec(request) };
    const once = async <Result>(work: (one: never) => Promise<Result>): Promise<Result> =>
      work(client as never);
    return { database: 'model', url: 'http://model', client: client as never, once, ask: once, ping, close };
  }

  put(bytes: Uint8Array): void {
    for (const { start, end, values } of decodeRows(RUNS, bytes)) {
      this.held.push({ number: Number(values['RowNumber']), crc: crc32(bytes.subarray(start, end)) });
    }
  }

  private async exec({ query, values, clickhouse_settings }: Request): Promise<{ stream: Readable }> {
    if (values === undefined) return { stream: Readable.from([this.answer(query)]) };
    this.inserts++;
    const bytes = await buffer(values);
    const fate = this.fates.shift() ?? 'answered';
    if (fate === 'lost') throw new Error('connection lost');
    if (fate === 'busy') throw refusal('252');
    const rows = rowsOf(bytes);
    if (rows.some((row) => this.poison.has(Number(row.values['RowNumber'])))) throw refusal('117');
    const token = String(clickhouse_settings?.['insert_deduplication_token']);
    if (fate === 'half done') {
      this.put(bytes.subarray(0, rows[Math.ceil(rows.length / 2) - 1]!.end));
      throw new Error('connection lost');
    }
    if (!this.tokens.has(token)) this.put(bytes);
    this.tokens.add(token);
    if (fate === 'unanswered') throw new Error('connection lost');
    return { stream: Readable.from([]) };
  }

  private answer(query: string): Buffer {
    if (query.includes('uniqExact')) {
      const count = Buffer.alloc(4);
      count.writeUInt32LE(new Set(this.numbers).size);
      return count;
    }
    return Buffer.concat(
      this.held.map(({ number, crc }) => {
        const row = Buffer.alloc(8);
        row.writeUInt32LE(number);
        row.writeUInt32LE(crc, 4);
        return row;
      }),
    );
  }
}

interface Request {
  readonly query: string;
  readonly values?: Readable;
  readonly clickhouse_settings?: Readonly<Record<string, unknown>>;
}

const rowsOf = (bytes: Uint8Array) => {
  try {
    return [...decodeRows(RUNS, bytes)];
  } catch {
    throw refusal('33');
  }
};

const refusal = (code: string): Error => Object.assign(new Error(`refused ${code}`), { code });
const ping = async (): Promise<boolean> => true;
const close = async (): Promise<void> => {};
