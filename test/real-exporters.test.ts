import {
  createTraceState,
  type Link,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CollectorProcess, startCollector } from './stage/collector-process.ts';
import { drained, heldSpans } from './stage/ledger.ts';
import { newSpanId, newTraceId } from './stage/otlp-request.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';
import { temporaryDirectory } from './stage/take-down.ts';

let store: StoreProcess;
let collector: CollectorProcess;
let database: string;
beforeAll(async () => {
  store = await startStore();
  database = store.newDatabase();
  collector = await startCollector({ storeUrl: store.url, database });
});

const EXPORTERS: readonly [string, (of: CollectorProcess) => SpanExporter][] = [
  ['http/protobuf', ({ url }) => new ProtobufExporter({ url: `${url}/v1/traces` })],
  ['http/json', ({ url }) => new JsonExporter({ url: `${url}/v1/traces` })],
  [
    'http/protobuf, gzip',
    ({ url }) => new ProtobufExporter({ url: `${url}/v1/traces`, compression: 'gzip' as never }),
  ],
  [
    'http/json, gzip',
    ({ url }) => new JsonExporter({ url: `${url}/v1/traces`, compression: 'gzip' as never }),
  ],
  ['grpc', ({ grpcAddress }) => new GrpcExporter({ url: `http://${grpcAddress}` })],
];

const ATTRIBUTES = {
  text: 'Grüße, 世界 🌍',
  empty: '',
  whole: 42,
  negative: -7,
  large: Number.MAX_SAFE_INTEGER,
  fraction: 0.1,
  yes: true,
  no: false,
  texts: ['a', 'b', ''],
  numbers: [1, 2.5],
  long: 'x'.repeat(20_000),
};
/** As the store has them: text, and JSON for lists. */
const STORED_ATTRIBUTES = {
  text: 'Grüße, 世界 🌍',
  empty: '',
  whole: '42',
  negative: '-7',
  large: '9007199254740991',
  fraction: '0.1',
  yes: 'true',
  no: 'false',
  texts: '["a","b",""]',
  numbers: '[1,2.5]',
  long: 'x'.repeat(20_000),
};

/** Spans of all sorts, as an application makes them with the API. */
const makeSpans = (): ReadableSpan[] => {
  const kept = new InMemorySpanExporter();
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'exported', replicas: 3 }),
    spanProcessors: [new SimpleSpanProcessor({ exporter: kept })],
  });
  const tracer = provider.getTracer('scope-name', '1.2.3');
  const link: Link = {
    context: {
      traceId: newTraceId(),
      spanId: newSpanId(),
      traceFlags: TraceFlags.SAMPLED,
      traceState: createTraceState('linked=1'),
    },
    attributes: ATTRIBUTES,
  };
  const remote = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: newTraceId(),
    spanId: newSpanId(),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
    traceState: createTraceState('vendor=value,other=x'),
  });
  const all = tracer.startSpan(
    'everything',
    { kind: SpanKind.SERVER, attributes: ATTRIBUTES, links: [link], startTime: [1_790_000_000, 123_456_789] },
    remote,
  );
  all.addEvent('first', ATTRIBUTES, [1_790_000_000, 200_000_001]);
  all.addEvent('second', {}, [1_790_000_001, 0]);
  all.setStatus({ code: SpanStatusCode.ERROR, message: 'it failed' });
  const inner = trace.setSpan(remote, all);
  for (const kind of [SpanKind.INTERNAL, SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER]) {
    tracer.startSpan(`kind ${kind}`, { kind, startTime: [1_790_000_000, 0] }, inner).end([1_790_000_000, 1]);
  }
  tracer.startSpan('root', { root: true }).setStatus({ code: SpanStatusCode.OK }).end();
  all.end([1_790_000_002, 999_999_999]);
  return kept.getFinishedSpans();
};

const exported = (exporter: SpanExporter, spans: ReadableSpan[]): Promise<void> =>
  new Promise((resolve, reject) => {
    exporter.export(spans, ({ code, error }) =>
      code === 0 ? resolve() : reject(error ?? new Error('not exported')),
    );
  });

const nanos = ([seconds, rest]: readonly [number, number]): bigint =>
  BigInt(seconds) * 1_000_000_000n + BigInt(rest);
const KINDS = ['Internal', 'Server', 'Client', 'Producer', 'Consumer'];
const STATUSES = ['Unset', 'Ok', 'Error'];

/** What the store must hold of a span. */
const expectedOf = (span: ReadableSpan) => {
  const { traceId, spanId, traceState } = span.spanContext();
  const all = span.name === 'everything';
  return {
    traceId,
    spanId,
    parent: span.parentSpanContext?.spanId ?? '',
    traceState: traceState?.serialize() ?? '',
    name: span.name,
    kind: KINDS[span.kind],
    start: String(nanos(span.startTime)),
    duration: String(nanos(span.endTime) - nanos(span.startTime)),
    status: STATUSES[span.status.code],
    message: span.status.message ?? '',
    attributes: all ? STORED_ATTRIBUTES : {},
    eventTimes: span.events.map(({ time }) => String(nanos(time))),
    eventNames: span.events.map(({ name }) => name),
    eventAttributes: all ? [STORED_ATTRIBUTES, {}] : [],
    linkTraces: span.links.map(({ context }) => context.traceId),
    linkSpans: span.links.map(({ context }) => context.spanId),
    linkStates: span.links.map(({ context }) => context.traceState?.serialize() ?? ''),
    linkAttributes: all ? [STORED_ATTRIBUTES] : [],
    service: 'exported',
    scope: 'scope-name 1.2.3',
    replicas: '3',
  };
};

const storedOf = async (traceIds: ReadonlySet<string>) =>
  store.rows<{ spanId: string }>(
    database,
    `SELECT TraceId AS traceId, SpanId AS spanId, ParentSpanId AS parent, TraceState AS traceState, SpanName AS name,
      SpanKind AS kind, toString(toUnixTimestamp64Nano(Timestamp)) AS start, toString(Duration) AS duration,
      StatusCode AS status, StatusMessage AS message, SpanAttributes AS attributes,
      arrayMap(time -> toString(toUnixTimestamp64Nano(time)), Events.Timestamp) AS eventTimes,
      Events.Name AS eventNames, Events.Attributes AS eventAttributes, Links.TraceId AS linkTraces,
      Links.SpanId AS linkSpans, Links.TraceState AS linkStates, Links.Attributes AS linkAttributes,
      ServiceName AS service, concat(ScopeName, ' ', ScopeVersion) AS scope,
      ResourceAttributes['replicas'] AS replicas
    FROM otel_traces WHERE TraceId IN (${[...traceIds].map((id) => `'${id}'`).join(',')})`,
  );

const byId = <Span extends { readonly spanId: string }>(spans: readonly Span[]): readonly Span[] =>
  [...spans].sort((a, b) => (a.spanId < b.spanId ? -1 : 1));

describe.each(EXPORTERS)('the OpenTelemetry exporter for %s', (_, exporterTo) => {
  it('every field arrives as it was', async () => {
    const spans = makeSpans();
    const exporter = exporterTo(collector);
    await exported(exporter, spans);
    await exporter.shutdown();
    await drained(collector.url);
    const stored = await storedOf(new Set(spans.map((span) => span.spanContext().traceId)));
    expect(byId(stored)).toEqual(byId(spans.map(expectedOf)));
  });
});

describe.each(EXPORTERS.slice(0, 2))('the OpenTelemetry exporter for %s', (_, exporterTo) => {
  it('exports while no collector is there: it tries again, and what it is told is kept is there once', async () => {
    const options = {
      dataDirectory: temporaryDirectory(),
      storeUrl: store.url,
      database: store.newDatabase(),
    };
    const first = await startCollector(options);
    const exporter = exporterTo(first);
    await exported(exporter, makeSpans());
    await first.stop();
    const spans = makeSpans();
    const exporting = exported(exporter, spans);
    const next = await startCollector({ ...options, port: Number(new URL(first.url).port) });
    await exporting;
    await exporter.shutdown();
    await drained(next.url);
    const held = await heldSpans(store, options.database);
    expect(held.size).toBe(2 * spans.length);
    expect([...held.values()].every((count) => count === 1)).toBe(true);
    for (const span of spans) expect(held.has(span.spanContext().spanId)).toBe(true);
  });
});
