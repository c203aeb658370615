import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { startServer } from './server-process.ts';

/** A MariaDB server (Debian: mariadb-server-core) with a database `bank`, which logs every statement it is sent. */
export interface MariaDb {
  readonly settings: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
  };
  /** Its general log until now: each connection's statements, and executions of prepared ones. */
  log(): string;
  stop(): Promise<void>;
}

export const startMariaDb = async (): Promise<MariaDb> => {
  const directory = mkdtempSync(join(tmpdir(), 'whence-mariadb-'));
  const { username: user } = userInfo();
  const port = await freePort();
  const data = join(directory, 'data');
  const log = join(directory, 'general.log');
  await promisify(execFile)('mariadb-install-db', [
    '--no-defaults',
    `--user=${user}`,
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    '--skip-name-resolve',
  ]);
  const server = await startServer(
    'mariadbd',
    [
      '--no-defaults',
      `--user=${user}`,
      `--datadir=${data}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--socket=${join(directory, 'socket')}`,
      `--pid-file=${join(directory, 'pid')}`,
      '--general-log',
      `--general-log-file=${log}`,
    ],
    port,
  );
  await promisify(execFile)('mariadb', [
    '--no-defaults',
    '-uroot',
    `-S${join(directory, 'socket')}`,
    '-e',
    "CREATE DATABASE bank; CREATE USER bank@'%' IDENTIFIED BY 'bankpass'; GRANT ALL ON bank.* TO bank@'%';",
  ]);
  return {
    settings: { host: '127.0.0.1', port, user: 'bank', password: 'bankpass', database: 'bank' },
    log: () => readFileSync(log, 'utf8'),
    stop: async () => {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
