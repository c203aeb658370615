import type { Engine } from './engine.ts';

/** What the engine has read, by its own count. */
export interface ReadCounts {
  /** Rows that statements were handed by tables. */
  readonly rows: number;
  /** The same in bytes, as they are in memory. */
  readonly bytes: number;
  /** Read from files, as they lie there: indexes and marks included. */
  readonly fileBytes: number;
  /** SELECTs. */
  readonly statements: number;
}

const EVENTS = {
  rows: 'SelectedRows',
  bytes: 'SelectedBytes',
  fileBytes: 'ReadCompressedBytes',
  statements: 'SelectQuery',
} as const;

/**
 * The counters are of the whole engine: nobody else may ask it meanwhile. `X-ClickHouse-Summary` of the embedded
 * server counts the rows of a result.
 */
export class EngineCounters {
  private readonly engine: Engine;
  private own: ReadCounts | undefined;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** What was read while the task ran, without the reading of the counters. */
  async during<Result>(
    task: () => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly read: ReadCounts }> {
    this.own ??= await this.costOfReading();
    const before = await this.now();
    const result = await task();
    return { result, read: difference(difference(await this.now(), before), this.own) };
  }

  private async costOfReading(): Promise<ReadCounts> {
    const before = await this.now();
    return difference(await this.now(), before);
  }

  private async now(): Promise<ReadCounts> {
    const names = Object.values(EVENTS).map((name) => `'${name}'`);
    const found = await this.engine.rows<{ readonly event: string; readonly value: string }>(
      `SELECT event, toString(value) AS value FROM system.events WHERE event IN (${names.join(', ')})`,
    );
    const values = new Map(found.map(({ event, value }) => [event, Number(value)]));
    return {
      rows: values.get(EVENTS.rows) ?? 0,
      bytes: values.get(EVENTS.bytes) ?? 0,
      fileBytes: values.get(EVENTS.fileBytes) ?? 0,
      statements: values.get(EVENTS.statements) ?? 0,
    };
  }
}

const difference = (more: ReadCounts, less: ReadCounts): ReadCounts => ({
  rows: Math.max(0, more.rows - less.rows),
  bytes: Math.max(0, more.bytes - less.bytes),
  fileBytes: Math.max(0, more.fileBytes - less.fileBytes),
  statements: Math.max(0, more.statements - less.statements),
});
