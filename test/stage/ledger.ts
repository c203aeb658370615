import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { metricOf } from './collector-process.ts';
import { eventually } from './eventually.ts';
import { newSpans, type OtlpSpan } from './otlp-request.ts';
import { postProtobuf } from './post.ts';
import type { StoreProcess } from './store-process.ts';

/** What the sender was told of each span that it sent, by span id. */
export class Ledger {
  /** 200: it must be in the store, once. */
  readonly acknowledged = new Set<string>();
  /** Any other status: it must not be in the store. */
  readonly refused = new Set<string>();
  /** No answer: it may be in the store, once. */
  readonly unanswered = new Set<string>();
  readonly #underWay = new Set<string>();

  /** Spans that were sent and not answered yet. */
  underWay(): ReadonlySet<string> {
    return new Set(this.#underWay);
  }

  /** @returns the HTTP status; undefined where no answer came. */
  async send(
    collectorUrl: string,
    spans: readonly OtlpSpan[],
    headers: Readonly<Record<string, string>> = {},
  ): Promise<number | undefined> {
    for (const { spanId } of spans) this.#underWay.add(spanId);
    const answer = await postProtobuf(collectorUrl, spans, headers).catch(() => undefined);
    for (const { spanId } of spans) this.#underWay.delete(spanId);
    const book =
      answer === undefined ? this.unanswered : answer.status === 200 ? this.acknowledged : this.refused;
    for (const { spanId } of spans) book.add(spanId);
    return answer?.status;
  }
}

export interface Load {
  /** Lets the requests under way finish. */
  stop(): Promise<void>;
}

const SPANS_MAX = 12;
const BETWEEN_FAILURES_MILLIS = 10;

/**
 * Senders that send one request after another, each of new spans, until they are stopped.
 *
 * @param betweenMillis how long each of them waits before the next
 */
export const startLoad = (
  collectorUrl: () => string,
  ledger: Ledger,
  senders = 4,
  betweenMillis = 0,
): Load => {
  let stopped = false;
  const sender = async (): Promise<void> => {
    while (!stopped) {
      const status = await ledger.send(collectorUrl(), newSpans(1 + Math.floor(Math.random() * SPANS_MAX)));
      const rest = status === 200 ? betweenMillis : Math.max(betweenMillis, BETWEEN_FAILURES_MILLIS);
      if (rest > 0) await pause(rest);
    }
  };
  const running = Promise.all(Array.from({ length: senders }, sender));
  return {
    stop: async () => {
      stopped = true;
      await running;
    },
  };
};

/** How often the store holds each span, by span id. */
export const heldSpans = async (store: StoreProcess, database: string): Promise<Map<string, number>> => {
  const rows = await store.rows<{ SpanId: string; held: string | number }>(
    database,
    // Questions are actions too: of the query service, where there is one.
    "SELECT SpanId, toUInt32(count()) AS held FROM otel_traces WHERE Actor != 'urn:whence:query' GROUP BY SpanId",
  );
  return new Map(rows.map(({ SpanId, held }) => [SpanId, Number(held)]));
};

/** Waits until the collector has sent all that it holds. */
export const drained = (collectorUrl: string): Promise<unknown> =>
  eventually(async () => (await metricOf(collectorUrl, 'whence_collector_spool_bytes')) === 0, {
    withinMillis: 60_000,
    otherwise: () => 'the spool is not empty',
  });

/**
 * Waits until the collector has sent all that it holds, then holds the ledger against the store: every acknowledged
 * span is there, none is there twice, and nothing else is there but spans of which the sender was told nothing.
 *
 * @param inDoubt spans that were being written when the disk failed: refused or not, they may have reached it.
 */
export const expectLedgerHeld = async (
  ledger: Ledger,
  store: StoreProcess,
  database: string,
  collectorUrl: string,
  inDoubt: ReadonlySet<string> = new Set(),
): Promise<void> => {
  await drained(collectorUrl);
  const held = await heldSpans(store, database);
  const twice = [...held].filter(([, count]) => count !== 1);
  const lost = [...ledger.acknowledged].filter((id) => !held.has(id));
  const refusedYetHeld = [...ledger.refused].filter((id) => held.has(id) && !inDoubt.has(id));
  const unsent = [...held.keys()].filter(
    (id) => !ledger.acknowledged.has(id) && !ledger.unanswered.has(id) && !ledger.refused.has(id),
  );
  expect({ twice, lost, refusedYetHeld, unsent }).toEqual({
    twice: [],
    lost: [],
    refusedYetHeld: [],
    unsent: [],
  });
};
