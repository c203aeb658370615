import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CollectorProcess, metricOf, startCollector, storeOpen } from './stage/collector-process.ts';
import { eventually } from './stage/eventually.ts';
import { expectLedgerHeld, Ledger } from './stage/ledger.ts';
import { newSpan } from './stage/otlp-request.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';

/** What the OpenTelemetry exporters, as they are published, do when the collector says no. */
const EXPORTERS: readonly [string, (of: CollectorProcess) => SpanExporter][] = [
  ['http/protobuf', ({ url }) => new ProtobufExporter({ url: `${url}/v1/traces` })],
  ['http/json', ({ url }) => new JsonExporter({ url: `${url}/v1/traces` })],
  ['grpc', ({ grpcAddress }) => new GrpcExporter({ url: `http://${grpcAddress}` })],
];

let store: StoreProcess;
beforeAll(async () => {
  store = await startStore();
});

const finishedSpan = (): ReadableSpan => {
  const kept = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: kept })] });
  provider.getTracer('refused').startSpan('work').end();
  return kept.getFinishedSpans()[0]!;
};

/** @returns whether it was told that the span is kept */
const exported = (exporter: SpanExporter, span: ReadableSpan): Promise<boolean> =>
  new Promise((resolve) => exporter.export([span], ({ code }) => resolve(code === 0)));

const refusals = async ({ url }: CollectorProcess): Promise<number> =>
  (await metricOf(url, 'whence_collector_requests_refused_total')) ?? 0;

const kilobytes = (count: number) =>
  newSpan({ attributes: [{ key: 'filler', value: { stringValue: 'x'.repeat(count * 1_000) } }] });

describe.each(EXPORTERS.slice(0, 2))('the OpenTelemetry exporter for %s', (_, exporterTo) => {
  it('503 from a full spool: it waits, sends again, and loses nothing', async () => {
    const options = { storeUrl: store.url, database: store.newDatabase() };
    const collector = await startCollector({
      ...options,
      environment: { WHENCE_SPOOL_MAX_BYTES: String(1 << 20) },
    });
    const ledger = new Ledger();
    await storeOpen(collector.url);
    store.freeze();
    const exporter = exporterTo(collector);
    const span = finishedSpan();
    try {
      await eventually(async () => (await ledger.send(collector.url, [kilobytes(300)])) === 503);
      const before = await refusals(collector);
      const told = exported(exporter, span);
      await eventually(async () => (await refusals(collector)) > before);
      store.thaw();
      expect(await told).toBe(true);
    } finally {
      store.thaw();
      await exporter.shutdown();
    }
    ledger.acknowledged.add(span.spanContext().spanId);
    await expectLedgerHeld(ledger, store, options.database, collector.url);
  });

  it('429 over the rate of its tenant: it waits for as long as it is told, not longer than it has time', async () => {
    const options = { storeUrl: store.url, database: store.newDatabase() };
    const rate = 100_000;
    const collector = await startCollector({
      ...options,
      environment: { WHENCE_TENANT_BYTES_PER_SECOND: String(rate), WHENCE_BODY_MAX_BYTES: String(rate * 3) },
    });
    const ledger = new Ledger();
    // The burst is three seconds' worth: now it is used up, and overdrawn by one.
    for (let i = 0; i < 2; i++) expect(await ledger.send(collector.url, [kilobytes(220)])).toBe(200);
    const exporter = exporterTo(collector);
    const span = finishedSpan();
    const began = performance.now();
    expect(await exported(exporter, span)).toBe(true);
    expect(performance.now() - began).toBeGreaterThan(800);
    expect(await refusals(collector)).toBeGreaterThanOrEqual(1);
    expect(await refusals(collector)).toBeLessThan(5);
    await exporter.shutdown();
    ledger.acknowledged.add(span.spanContext().spanId);
    await expectLedgerHeld(ledger, store, options.database, collector.url);
  });
});

describe('the OpenTelemetry exporter for grpc', () => {
  it('over the rate (RESOURCE_EXHAUSTED with a RetryInfo): it gives up at once, as published, and its application is told so', async () => {
    const options = { storeUrl: store.url, database: store.newDatabase() };
    const collector = await startCollector({
      ...options,
      environment: { WHENCE_TENANT_BYTES_PER_SECOND: '64', WHENCE_BODY_MAX_BYTES: '4096' },
    });
    const ledger = new Ledger();
    for (let i = 0; i < 2; i++) expect(await ledger.send(collector.url, [kilobytes(3)])).toBe(200);
    const exporter = EXPORTERS[2]![1](collector);
    const span = finishedSpan();
    expect(await exported(exporter, span)).toBe(false);
    expect(await refusals(collector)).toBe(1);
    await exporter.shutdown();
    ledger.refused.add(span.spanContext().spanId);
    await expectLedgerHeld(ledger, store, options.database, collector.url);
  });
});

describe.each(EXPORTERS)('the OpenTelemetry exporter for %s', (_, exporterTo) => {
  it('too large, for ever: it gives up after one attempt, and says so', async () => {
    const collector = await startCollector({
      storeUrl: store.url,
      database: store.newDatabase(),
      environment: { WHENCE_BODY_MAX_BYTES: '1024' },
    });
    const exporter = exporterTo(collector);
    const span = finishedSpan();
    span.attributes['filler'] = 'x'.repeat(2_000);
    expect(await exported(exporter, span)).toBe(false);
    await exporter.shutdown();
    expect(await refusals(collector)).toBeLessThanOrEqual(1);
  });
});
