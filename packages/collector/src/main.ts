import { setFlagsFromString } from 'node:v8';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { CodedError } from '@whence/model';
import { pino } from 'pino';
import { startCollector } from './collector.ts';
import { COLLECTOR_VARIABLES, readCollectorConfig } from './config.ts';
import { logDestination } from './log-destination.ts';

// Bodies lie outside of the engine's heap, which is small: left to itself it collects everything some ten times a second,
// a quarter of all CPU (bench/ingest). It is told to let the heap grow further in between.
setFlagsFromString('--heap-growing-percent=400');

const inOneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, '; ');

if (process.argv.includes('--help') || process.argv.includes('-h')) {
  console.log(
    'whence collector: OTLP in, attributed, durable, shipped to ClickHouse. Configured by environment:\n',
  );
  for (const { name, default: fallback, says } of Object.values(COLLECTOR_VARIABLES)) {
    console.log(`  ${name.padEnd(32)} ${says}${fallback === '' ? '' : ` (${fallback})`}`);
  }
  process.exit(0);
}

// What it would print by itself, our own errors say.
setLogVerbosity(logVerbosity.NONE);

try {
  const config = readCollectorConfig(process.env);
  const log = pino({ level: config.logLevel, name: 'collector' }, logDestination());
  const collector = await startCollector(config, log);
  const stop = async (signal: string): Promise<void> => {
    log.info({ signal }, 'stopping');
    await collector.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal));
  process.on('SIGHUP', () => collector.reload());
  process.once('disconnect', () => void stop('parent gone'));
  // Last: whoever hears it may stop us at once.
  const { url, grpcAddress } = collector;
  log.info({ url, grpcAddress }, 'collector is ready');
  process.send?.({ ready: url, grpcAddress });
} catch (error) {
  console.error(error instanceof CodedError ? `whence collector: ${inOneLine(error.message)}` : error);
  process.exit(1);
}
