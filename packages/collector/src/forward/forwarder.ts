import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { COUNTED, type Counters } from '../counters.ts';
import { pause } from '../ship/store-link.ts';
import { CURSOR_SUFFIX, DATA_SUFFIX, INDEX_SUFFIX, type SealedSegment } from '../spool/segment.ts';
import { decodeIndexRecord, INDEX_RECORD_BYTES, type IndexRecord } from '../spool/segment-index.ts';
import type { Spool } from '../spool/spool.ts';
import type { OtlpClient } from './otlp-client.ts';

const FIRST_BACKOFF_MILLIS = 500;
const MAX_BACKOFF_MILLIS = 30_000;

/**
 * Sends the requests of one forward spool, in order, to another OTLP endpoint, at least once: the cursor of a segment is
 * kept beside it, so that after a restart at most the request under way is sent again.
 */
export class Forwarder {
  private readonly stopping = new AbortController();
  private readonly running: Promise<void>;
  private readonly spool: Spool;
  private readonly path: string;
  private readonly client: OtlpClient;
  private readonly counters: Counters;
  private readonly log: Logger;

  /** @param path of the other side's OTLP service: `/v1/traces` */
  constructor(spool: Spool, path: string, client: OtlpClient, counters: Counters, log: Logger) {
    this.spool = spool;
    this.path = path;
    this.client = client;
    this.counters = counters;
    this.log = log.child({ forward: path });
    this.running = this.run();
  }

  /** Sends what there is until the time is over or nothing is left, then stops; the rest stays on disk. */
  async stop(graceMillis: number): Promise<void> {
    this.spool.flush();
    const deadline = performance.now() + graceMillis;
    while (this.spool.bytes > 0 && performance.now() < deadline) await pause(20, this.stopping.signal);
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (;;) {
      const segment = await this.spool.next(signal);
      if (segment === undefined) return;
      try {
        if (await this.forward(segment)) await this.spool.shipped(segment);
      } catch (error) {
        this.log.error(
          { err: error, segment: segment.id },
          'forwarding failed, the segment stays in the spool',
        );
        await pause(MAX_BACKOFF_MILLIS, signal);
      }
    }
  }

  /** @returns whether the other side has had every request of the segment. */
  private async forward(segment: SealedSegment): Promise<boolean> {
    const requests = await requestsOf(segment);
    const data = await open(join(segment.directory, segment.id + DATA_SUFFIX), 'r');
    try {
      for (let at = await readCursor(segment); at < requests.length; at++) {
        const { offset, length } = requests[at]!;
        const body = Buffer.alloc(length);
        await data.read(body, 0, length, offset);
        if (!(await this.send(body))) return false;
        await writeCursor(segment, at + 1);
      }
      return true;
    } finally {
      await data.close();
    }
  }

  /** @returns false when stopped before the other side had it. */
  private async send(body: Uint8Array): Promise<boolean> {
    const { signal } = this.stopping;
    const label = `path="${this.path}"`;
    for (
      let backoff = FIRST_BACKOFF_MILLIS;
      !signal.aborted;
      backoff = Math.min(backoff * 2, MAX_BACKOFF_MILLIS)
    ) {
      const outcome = await this.client.send(this.path, body, signal);
      if (outcome.status === 'accepted') {
        this.counters.add(COUNTED.requestsForwarded, 1, label);
        return true;
      }
      if (outcome.status === 'refused') {
        this.counters.add(COUNTED.forwardsRefused, 1, label);
        this.log.error({ reason: outcome.reason }, 'the forward endpoint refuses a request for good');
        return true;
      }
      if (signal.aborted) return false;
      this.counters.add(COUNTED.forwardRetries, 1, label);
      const wait = outcome.retryAfterMillis ?? backoff * (0.5 + Math.random());
      this.log.warn(
        { reason: outcome.reason, retryInMillis: Math.round(wait) },
        'forward endpoint is not taking requests',
      );
      await pause(wait, signal);
    }
    return false;
  }
}

const requestsOf = async (segment: SealedSegment): Promise<IndexRecord[]> => {
  const index = await readFile(join(segment.directory, segment.id + INDEX_SUFFIX));
  return Array.from({ length: Math.floor(index.length / INDEX_RECORD_BYTES) }, (_, i) =>
    decodeIndexRecord(index.subarray(i * INDEX_RECORD_BYTES, (i + 1) * INDEX_RECORD_BYTES)),
  ).filter((record) => record !== undefined);
};

const cursorPath = ({ directory, id }: SealedSegment): string => join(directory, id + CURSOR_SUFFIX);

/** Requests of the segment that the other side has had; 0 where that is not known: sending again does no harm. */
const readCursor = async (segment: SealedSegment): Promise<number> => {
  const text = await readFile(cursorPath(segment), 'utf8').catch(() => '0');
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
};

const writeCursor = async (segment: SealedSegment, requests: number): Promise<void> => {
  const path = cursorPath(segment);
  await writeFile(`${path}.new`, String(requests));
  await rename(`${path}.new`, path);
};
