import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CollectorProcess, startCollector, storeOpen } from './stage/collector-process.ts';
import { eventually } from './stage/eventually.ts';
import { freePort } from './stage/free-port.ts';
import { drained, heldSpans } from './stage/ledger.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';
import { takeDown, temporaryDirectory } from './stage/take-down.ts';

/**
 * Programs of the OpenTelemetry project in Go, which nobody has to build who runs the tests. WHENCE_TEST_SENDERS names a
 * directory with `telemetrygen` in it, and an OpenTelemetry Collector (`otelcol…`, also one directory further down) with
 * the OTLP receiver and the OTLP/HTTP exporter.
 */
const DIRECTORY = process.env['WHENCE_TEST_SENDERS'] ?? '';
const TELEMETRYGEN = join(DIRECTORY, 'telemetrygen');
const isProgram = (path: string): boolean => {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true && (found.mode & 0o111) !== 0;
};
const OTELCOL = globSync([join(DIRECTORY, 'otelcol*'), join(DIRECTORY, 'otelcol*/otelcol*')]).find(isProgram);
const reason =
  DIRECTORY === ''
    ? 'skipped: WHENCE_TEST_SENDERS names no directory'
    : isProgram(TELEMETRYGEN) && OTELCOL !== undefined
      ? undefined
      : `skipped: telemetrygen and otelcol are not in ${DIRECTORY}`;

if (reason !== undefined) console.warn(reason);

const WORKERS = 2;
const TRACES = 200;
const SPANS_PER_TRACE = 3;
const SPANS = WORKERS * TRACES * SPANS_PER_TRACE;
const BATCH = 100;

let store: StoreProcess;
beforeAll(async () => {
  if (reason === undefined) store = await startStore();
});

interface Running {
  printed(): string;
  readonly ended: Promise<number | null>;
  readonly child: ChildProcess;
}

const run = (program: string, args: readonly string[]): Running => {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  takeDown(() => child.kill('SIGKILL'));
  return { printed: () => printed, ended, child };
};

/** For about six seconds. */
const generate = (...to: readonly string[]): Running =>
  run(TELEMETRYGEN, [
    ...['traces', '--otlp-insecure', '--allow-export-failures', '--timeout', '60s'],
    ...['--workers', String(WORKERS), '--traces', String(TRACES), '--rate', '100'],
    ...['--child-spans', String(SPANS_PER_TRACE - 1), '--batch-size', String(BATCH)],
    ...to,
  ]);

/** Kills it after a while, and starts it again at the same addresses. */
const restart = async (collector: CollectorProcess, database: string): Promise<CollectorProcess> => {
  await pause(1_500);
  await collector.kill();
  await pause(700);
  return startCollector({
    ...{ dataDirectory: collector.dataDirectory, storeUrl: store.url, database },
    port: Number(new URL(collector.url).port),
    environment: { WHENCE_COLLECTOR_GRPC_PORT: collector.grpcAddress!.split(':')[1] },
  });
};

const start = async (): Promise<{ collector: CollectorProcess; database: string }> => {
  const database = store.newDatabase();
  const collector = await startCollector({ storeUrl: store.url, database });
  await storeOpen(collector.url);
  return { collector, database };
};

/** Spans in the store, each counted once: one whose answer was lost is sent again. */
const storedSpans = async ({ url }: CollectorProcess, database: string): Promise<number> => {
  await drained(url);
  return (await heldSpans(store, database)).size;
};

/** An OpenTelemetry Collector that passes everything on, and tries for as long as it takes. */
const startOtelcol = async (to: CollectorProcess): Promise<{ address: string } & Running> => {
  const address = `127.0.0.1:${await freePort()}`;
  const path = join(temporaryDirectory(), 'otelcol.yaml');
  const config = {
    receivers: { otlp: { protocols: { grpc: { endpoint: address } } } },
    processors: { batch: { timeout: '200ms', send_batch_size: BATCH } },
    exporters: {
      otlphttp: {
        endpoint: to.url,
        retry_on_failure: { initial_interval: '200ms', max_interval: '1s', max_elapsed_time: '0s' },
      },
    },
    service: {
      telemetry: { metrics: { level: 'none' } },
      pipelines: { traces: { receivers: ['otlp'], processors: ['batch'], exporters: ['otlphttp'] } },
    },
  };
  // JSON is YAML.
  writeFileSync(path, JSON.stringify(config));
  const running = run(OTELCOL!, ['--config', path]);
  await eventually(() => running.printed().includes('Everything is ready'), { otherwise: running.printed });
  return { address, ...running };
};

describe.skipIf(reason !== undefined)(
  `senders in Go, with the collector killed meanwhile${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    it('telemetrygen over gRPC: every span is there', async () => {
      const { collector, database } = await start();
      const sender = generate('--otlp-endpoint', collector.grpcAddress!);
      const next = await restart(collector, database);
      expect(await sender.ended, sender.printed()).toBe(0);
      expect(await storedSpans(next, database)).toBe(SPANS);
    });

    it('telemetrygen over HTTP, which never tries again where there is no answer: every span is there of which it does not say so', async () => {
      const { collector, database } = await start();
      const sender = generate('--otlp-http', '--otlp-endpoint', new URL(collector.url).host);
      const next = await restart(collector, database);
      expect(await sender.ended, sender.printed()).toBe(0);
      const givenUp = sender.printed().split('traces export:').length - 1;
      expect(givenUp).toBeGreaterThan(0);
      const stored = await storedSpans(next, database);
      expect(stored).toBeGreaterThanOrEqual(SPANS - givenUp * BATCH);
      expect(stored).toBeLessThanOrEqual(SPANS);
    });

    it('an OpenTelemetry Collector over HTTP, compressed: every span is there', async () => {
      const { collector, database } = await start();
      const between = await startOtelcol(collector);
      const sender = generate('--otlp-endpoint', between.address);
      const next = await restart(collector, database);
      expect(await sender.ended, sender.printed()).toBe(0);
      between.child.kill('SIGTERM');
      expect(await between.ended, between.printed()).toBe(0);
      expect(await storedSpans(next, database)).toBe(SPANS);
      expect(between.printed()).toContain('Will retry the request after interval');
    });
  },
);
