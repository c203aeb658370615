import { type EmbeddedClickHouse, startEmbedded } from '@whence/clickhouse-embedded';
import { takeDown, temporaryDirectory } from './take-down.ts';

/** ClickHouse in a process of its own, to be stopped and killed by tests. */
export interface StoreProcess {
  readonly url: string;
  readonly dataDirectory: string;
  pid(): number;
  /** A name that no other test of the file uses. */
  newDatabase(): string;
  /** SIGSTOP: connections are taken by the system, and nothing answers. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** On the same directory and port. */
  restart(): Promise<void>;
  /** Rows of a SELECT. No rows where the database or the table is not there yet. */
  rows<Row>(database: string, select: string): Promise<readonly Row[]>;
  /** The bytes of a SELECT that names its format. */
  bytes(database: string, select: string): Promise<Buffer>;
}

/** Few sessions: tests ask one thing at a time. */
const SESSIONS = { readers: 3, writers: 2 };
/** ClickHouse: unknown table, unknown database. */
const NOT_THERE = /^(?:60|81)$/;

let databases = 0;

export const startStore = async (): Promise<StoreProcess> => {
  const dataDirectory = temporaryDirectory();
  let engine: EmbeddedClickHouse = await startEmbedded({ dataDir: dataDirectory, ...SESSIONS });
  const { url } = engine;
  takeDown(async () => {
    process.kill(engine.pid, 0) && process.kill(engine.pid, 'SIGCONT');
    await engine.stop();
  });

  const ask = async (database: string, select: string): Promise<Response> =>
    fetch(`${url}/?${new URLSearchParams({ database })}`, { method: 'POST', body: select });

  return {
    url,
    dataDirectory,
    pid: () => engine.pid,
    newDatabase: () => `test_${++databases}`,
    freeze: () => void process.kill(engine.pid, 'SIGSTOP'),
    thaw: () => void process.kill(engine.pid, 'SIGCONT'),
    kill: async () => {
      process.kill(engine.pid, 'SIGKILL');
      await engine.exited;
    },
    restart: async () => {
      engine = await startEmbedded({ dataDir: dataDirectory, port: Number(new URL(url).port), ...SESSIONS });
    },
    rows: async <Row>(database: string, select: string) => {
      const response = await ask(database, `${select} FORMAT JSONEachRow`);
      const text = await response.text();
      if (NOT_THERE.test(response.headers.get('x-clickhouse-exception-code') ?? '')) return [];
      if (!response.ok) throw new Error(text);
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Row);
    },
    bytes: async (database, select) => {
      const response = await ask(database, select);
      const bytes = Buffer.from(await response.arrayBuffer());
      if (!response.ok) throw new Error(bytes.toString());
      return bytes;
    },
  };
};
