import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { startServer } from './server-process.ts';

/** A Redis server (Debian: redis-server) that keeps nothing. */
export interface Redis {
  readonly port: number;
  readonly url: string;
  stop(): Promise<void>;
}

export const startRedis = async (): Promise<Redis> => {
  const directory = mkdtempSync(join(tmpdir(), 'whence-redis-'));
  const port = await freePort();
  const server = await startServer(
    'redis-server',
    ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory],
    port,
  );
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
