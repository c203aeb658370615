import { Engine } from '../stage/engine.ts';

/** A database of its own on the same engine, with a peer's tables in it. */
export const createPeerDatabase = async (
  engine: Engine,
  database: string,
  tables: readonly string[],
): Promise<Engine> => {
  await engine.run(`DROP DATABASE IF EXISTS ${database}`);
  await engine.run(`CREATE DATABASE ${database}`);
  const own = new Engine(engine.url, database);
  for (const table of tables) await own.run(table);
  return own;
};

/** Of all active parts of a database, or of some tables of it. */
export const bytesOnDisk = async (engine: Engine): Promise<Readonly<Record<string, number>>> => {
  const rows = await engine.rows<{ readonly table: string; readonly bytes: number }>(
    `SELECT table, toFloat64(sum(bytes_on_disk)) AS bytes FROM system.parts
     WHERE active AND database = '${engine.database}' GROUP BY table ORDER BY bytes DESC`,
  );
  return Object.fromEntries(rows.map(({ table, bytes }) => [table, bytes]));
};
