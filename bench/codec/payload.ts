import { randomBytes } from 'node:crypto';
import { createTraceState } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';

type ExportedSpan = Parameters<typeof ProtobufTraceSerializer.serializeRequest>[0][number];

const RESOURCE = {
  attributes: { 'service.name': 'orders', 'host.name': 'orders-7d9f', 'process.pid': 42 },
  asyncAttributesPending: false,
};

const SCOPE = { name: '@opentelemetry/instrumentation-http', version: '0.301.0' };

/**
 * An OTLP request as the official exporter writes it: HTTP server spans of 10 attributes, every fourth one a SQL client
 * span, each trace of ten spans in a run of its own.
 */
export const payload = (spans: number, traceStates: readonly string[]): Uint8Array => {
  const batch = Array.from({ length: spans }, (_, i) =>
    span(i, traceStates[Math.floor(i / 10) % traceStates.length]!),
  );
  return ProtobufTraceSerializer.serializeRequest(batch as unknown as ExportedSpan[])!;
};

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

const span = (i: number, traceState: string) => ({
  spanContext: () => ({
    traceId: hex(16),
    spanId: hex(8),
    traceFlags: 1,
    traceState: createTraceState(traceState),
  }),
  parentSpanContext: { traceId: hex(16), spanId: hex(8), traceFlags: 1 },
  name: i % 4 === 3 ? 'UPDATE' : 'GET /orders/:id',
  kind: i % 4 === 3 ? 2 : 1,
  startTime: [1_790_000_000 + i, 123_456_789],
  endTime: [1_790_000_000 + i, 123_956_789],
  duration: [0, 500_000],
  ended: true,
  status: { code: 0 },
  events: [],
  links: [],
  attributes: i % 4 === 3 ? sql(i) : http(i),
  resource: RESOURCE,
  instrumentationScope: SCOPE,
  droppedAttributesCount: 0,
  droppedEventsCount: 0,
  droppedLinksCount: 0,
});

const http = (i: number) => ({
  'http.request.method': 'GET',
  'url.scheme': 'https',
  'url.path': `/orders/${i}`,
  'http.route': '/orders/:id',
  'http.response.status_code': 200,
  'server.address': 'orders.internal',
  'server.port': 8443,
  'user_agent.original': 'Mozilla/5.0 (X11; Linux x86_64)',
  'network.protocol.version': '1.1',
  'client.address': `10.1.2.${i % 250}`,
});

const sql = (i: number) => ({
  'db.system.name': 'postgresql',
  'db.namespace': 'shop',
  'db.collection.name': 'orders',
  'db.operation.name': 'UPDATE',
  'db.query.text': 'UPDATE orders SET state = $1, updated_at = now() WHERE id = $2',
  'db.response.returned_rows': 1,
  'server.address': 'db.internal',
  'server.port': 5432,
  'network.peer.address': '10.1.9.9',
  'thread.id': i % 8,
});
