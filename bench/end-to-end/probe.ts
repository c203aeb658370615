import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { WhenceCollector } from '../stage/whence-collector.ts';
import { askStore } from './store-question.ts';

export interface Probed {
  /** From the request of a span to its durable acknowledgement. */
  readonly ackMillis: readonly number[];
  /** From there to the first SELECT by its span id that showed it: at most one poll too long. */
  readonly queryableMillis: readonly number[];
}

const EVERY_MILLIS = 50;
const POLL_MILLIS = 20;
const PATIENCE_MILLIS = 30_000;

/** Sends a span of its own at a steady pace and looks for each in the store. */
export const probe = async (parts: {
  readonly collector: WhenceCollector;
  readonly storeUrl: string;
  readonly seconds: number;
}): Promise<Probed> => {
  const { collector, storeUrl, seconds } = parts;
  const ackMillis: number[] = [];
  const queryableMillis: number[] = [];
  const acknowledgedAt = new Map<string, number>();
  const sending: Promise<void>[] = [];

  const send = async (): Promise<void> => {
    const spanId = randomBytes(8).toString('hex');
    const startedAt = performance.now();
    const response = await fetch(`${collector.url}/v1/traces`, {
      method: 'POST',
      headers: { ...collector.headers, 'content-type': 'application/x-protobuf' },
      body: requestOf(spanId),
    });
    if (response.status !== 200) throw new Error(`a probe was answered with ${response.status}`);
    await response.arrayBuffer();
    const now = performance.now();
    ackMillis.push(now - startedAt);
    acknowledgedAt.set(spanId, now);
  };

  const look = async (): Promise<void> => {
    const ids = [...acknowledgedAt.keys()].map((id) => `'${id}'`).join(',');
    const found = await askStore(
      storeUrl,
      'whence',
      `SELECT SpanId FROM otel_traces WHERE SpanId IN (${ids}) AND ReceivedAt > now() - INTERVAL 2 MINUTE`,
    );
    const now = performance.now();
    for (const id of found) {
      queryableMillis.push(now - acknowledgedAt.get(id)!);
      acknowledgedAt.delete(id);
    }
  };

  const startedAt = performance.now();
  const endAt = startedAt + seconds * 1000;
  let sent = 0;
  while (performance.now() < endAt || acknowledgedAt.size > 0) {
    const now = performance.now();
    if (now < endAt && now >= startedAt + sent * EVERY_MILLIS) {
      sent++;
      sending.push(send());
    }
    if (now > endAt + PATIENCE_MILLIS)
      throw new Error(`${acknowledgedAt.size} acknowledged probes not found`);
    if (acknowledgedAt.size > 0) await look();
    await pause(POLL_MILLIS);
  }
  await Promise.all(sending);
  while (acknowledgedAt.size > 0) {
    await look();
    await pause(POLL_MILLIS);
  }
  return { ackMillis, queryableMillis };
};

const requestOf = (spanId: string): Uint8Array<ArrayBuffer> => {
  const span = {
    spanContext: () => ({ traceId: randomBytes(16).toString('hex'), spanId, traceFlags: 1 }),
    name: 'probe',
    kind: 0,
    startTime: [Math.floor(Date.now() / 1000), 0],
    endTime: [Math.floor(Date.now() / 1000), 1_000],
    status: { code: 0 },
    events: [],
    links: [],
    attributes: {},
    resource: { attributes: { 'service.name': 'probe' }, asyncAttributesPending: false },
    instrumentationScope: { name: 'probe' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
  type Exported = Parameters<typeof ProtobufTraceSerializer.serializeRequest>[0];
  return new Uint8Array(ProtobufTraceSerializer.serializeRequest([span] as unknown as Exported)!);
};
