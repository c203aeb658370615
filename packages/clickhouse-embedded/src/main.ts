import process from 'node:process';
import { pino } from 'pino';
import { readCommandLine, usage } from './command-line.ts';
import { openServer } from './embedded-server.ts';

/** The server could not be started: a fault in the options, the address or the data directory. */
const EXIT_NOT_STARTED = 2;
/** Statements were still running when the server had to end. */
const EXIT_NOT_DRAINED = 3;

const line = readCommandLine(process.argv.slice(2), process.env['WHENCE_CLICKHOUSE_PASSWORD'] ?? '');
if (line.status === 'help') {
  process.stdout.write(usage);
  process.exit(0);
}
if (line.status === 'faulty') {
  for (const fault of line.faults) process.stderr.write(`clickhouse-embedded: ${fault}\n`);
  process.exit(EXIT_NOT_STARTED);
}

const { config } = line;
const log = pino({ name: 'clickhouse-embedded' }, pino.destination({ fd: 2, sync: true }));
const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
const server = await openServer(config, threads, log).catch((error: Error) => {
  process.stderr.write(`clickhouse-embedded: ${error.message}\n`);
  process.exit(EXIT_NOT_STARTED);
});
let stopping = false;
async function stop(reason: string): Promise<void> {
  if (stopping) return;
  stopping = true;
  log.info({ reason }, 'stopping');
  if (await server.stop()) process.exit(0);
  log.error('statements still running, ending without them');
  process.exitCode = EXIT_NOT_DRAINED;
  process.kill(process.pid, 'SIGKILL');
}
process.on('SIGTERM', () => void stop('SIGTERM'));
process.on('SIGINT', () => void stop('SIGINT'));
if (config.exitWithParent) process.stdin.resume().on('close', () => void stop('standard input closed'));
process.stdout.write(`${JSON.stringify({ url: server.url, pid: process.pid })}\n`);
