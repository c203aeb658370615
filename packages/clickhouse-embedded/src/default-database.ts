import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Runs a statement of ours that answers nothing. */
export type Execute = (sql: string) => Promise<unknown>;

/**
 * Puts a plain database in place of the engine's own `default`, which lays the file system under the tables:
 * in that one, SELECT * FROM `/etc/passwd` reads the file. Tables stay where they are.
 *
 * The engine cannot attach a database without tables, so an empty one is made anew.
 *
 * @param enginePath the engine's folder, which this process has locked
 */
export async function replaceDefaultDatabase(enginePath: string, execute: Execute): Promise<void> {
  const metadata = join(enginePath, 'metadata');
  await execute('DETACH DATABASE default');
  const uuid = readUuid(join(metadata, 'default.sql'));
  if (uuid !== undefined && hasTables(join(enginePath, 'store', uuid.slice(0, 3), uuid))) {
    await execute('ATTACH DATABASE default');
    return;
  }
  rmSync(join(metadata, 'default.sql'), { force: true });
  rmSync(join(metadata, 'default'), { force: true });
  await execute('CREATE DATABASE default ENGINE = Atomic');
}

/** Undefined when the database was never written down. */
function readUuid(path: string): string | undefined {
  try {
    return /UUID '([0-9a-f-]{36})'/.exec(readFileSync(path, 'utf8'))?.[1];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function hasTables(folder: string): boolean {
  try {
    return readdirSync(folder).length > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
