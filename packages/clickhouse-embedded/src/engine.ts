import { Session } from 'chdb';
import { fromEngine } from './clickhouse-error.ts';
import { replaceDefaultDatabase } from './default-database.ts';

/**
 * What a session starts with. Bare expressions are no statements, as on a server; the engine's limit on the length of a
 * statement is lifted for those of ours that carry a client's parameters, see `preface`; and rows are not looked for by
 * projections, where the engine (26.7) loses rows if an AND stands inside of another condition, unless a statement asks
 * for it (docs/decisions/017).
 */
const sessionSettings = [
  '--implicit_select=0',
  `--max_query_size=${2 ** 31}`,
  '--optimize_use_projection_filtering=0',
];

export interface EngineFacts {
  readonly version: string;
  readonly timezone: string;
  readonly displayName: string;
  readonly tableFunctions: readonly string[];
  /** Of tables and of databases. */
  readonly engines: readonly string[];
}

/** What one statement answered, whole. The counts are of rows and bytes read. */
export interface Answer {
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly rowBytes: number;
}

/**
 * The ClickHouse engine in this process, on one data directory.
 *
 * Each statement runs on a session of its own, opened for it (0.2 ms) and closed after it, so that nothing a
 * statement sets can reach another. The engine locks its directory, which makes it the judge of who owns it.
 */
export class Engine {
  readonly facts: EngineFacts;
  readonly #path: string;
  readonly #root: Session;

  private constructor(path: string, root: Session, facts: EngineFacts) {
    this.#path = path;
    this.#root = root;
    this.facts = facts;
  }

  /** @throws Error when another process has the directory, or it cannot be read or written */
  static async open(path: string): Promise<Engine> {
    const root = new Session(path, { connectionArgs: [...sessionSettings] });
    await replaceDefaultDatabase(path, (sql) => ask(root, sql, 'Null'));
    const { bytes } = await ask(
      root,
      `SELECT version() AS version, timezone() AS timezone, displayName() AS displayName,
        (SELECT groupArray(name) FROM system.table_functions) AS tableFunctions,
        (SELECT groupArray(name) FROM (SELECT name FROM system.table_engines UNION ALL
          SELECT name FROM system.database_engines)) AS engines`,
      'JSONEachRow',
    );
    return new Engine(path, root, JSON.parse(Buffer.from(bytes).toString()));
  }

  openSession(): EngineSession {
    return new EngineSession(new Session(this.#path, { connectionArgs: [...sessionSettings] }));
  }

  /** Call when no statement runs: the engine aborts the process otherwise. */
  close(): void {
    this.#root.close();
  }
}

/** One session: one statement at a time. */
export class EngineSession {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** @throws ClickHouseError */
  ask(sql: string, format: string): Promise<Answer> {
    return ask(this.#session, sql, format);
  }

  close(): void {
    this.#session.close();
  }
}

async function ask(session: Session, sql: string, format: string): Promise<Answer> {
  try {
    const result = await session.queryAsync(sql, { format });
    return { bytes: result.bytes(), rows: result.rowsRead, rowBytes: result.bytesRead };
  } catch (error) {
    throw fromEngine(error);
  }
}
