import { type FileHandle, open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Counters } from '@whence/model';
import {
  CURSOR_SUFFIX,
  DATA_SUFFIX,
  decodeIndexRecord,
  INDEX_RECORD_BYTES,
  INDEX_SUFFIX,
  type IndexRecord,
  pause,
  type SealedSegment,
  type Spool,
} from '@whence/store';
import type { Logger } from 'pino';
import { COUNTED } from '../counters.ts';
import type { OtlpClient } from './otlp-client.ts';

const FIRST_BACKOFF_MILLIS = 500;
const MAX_BACKOFF_MILLIS = 30_000;
/** The other side may have said a date by another clock, or more than a timer can hold. */
const RETRY_AFTER_MAX_MILLIS = 300_000;

/**
 * Sends the requests of one forward spool, in order, to another OTLP endpoint, at least once: the cursor of a segment is
 * kept beside it, so that after a restart at most the request under way is sent again. Where there is no cursor that can
 * be believed, the whole segment is.
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
    for (const { lostRows } of spool.damage) this.countDamage(lostRows);
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
        const lost = await this.forward(segment);
        if (lost !== undefined) await this.done(segment, lost);
      } catch (error) {
        this.log.error(
          { err: error, segment: segment.id },
          'forwarding failed, the segment stays in the spool',
        );
        await pause(MAX_BACKOFF_MILLIS, signal);
      }
    }
  }

  /** @returns requests of the segment that cannot be read any more; undefined when stopped before the end. */
  private async forward(segment: SealedSegment): Promise<number | undefined> {
    const requests = await requestsOf(segment);
    const data = await open(join(segment.directory, segment.id + DATA_SUFFIX), 'r');
    let lost = 0;
    try {
      for (const request of requests.slice(await readCursor(segment, requests))) {
        const body = await bodyOf(data, request);
        if (body === undefined) {
          lost++;
          this.log.error({ segment: segment.id, offset: request.offset }, 'a request has changed on disk');
          continue;
        }
        if (!(await this.send(body))) return undefined;
        await this.keepCursor(segment, request);
      }
      return lost;
    } finally {
      await data.close();
    }
  }

  /** Going on is worth more than the cursor: without it some requests are sent again, if this process ends. */
  private async keepCursor(segment: SealedSegment, request: IndexRecord): Promise<void> {
    try {
      await this.spool.reserve.spend(() => writeCursor(segment, request));
    } catch (error) {
      this.log.warn({ err: error, segment: segment.id }, 'how far it has come cannot be kept');
    }
  }

  /** The segment leaves the spool. A file that is damaged is kept. */
  private async done(segment: SealedSegment, lost: number): Promise<void> {
    if (lost === 0) {
      await this.spool.shipped(segment);
      return;
    }
    this.countDamage(lost);
    await this.spool.setAside(segment, 'damaged', lost);
  }

  private countDamage(lostRequests: number): void {
    const label = `table="${this.spool.table.name}"`;
    this.counters.add(COUNTED.segmentsDamaged, 1, label);
    this.counters.add(COUNTED.rowsLost, lostRequests, label);
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
      const wait = Math.min(
        outcome.retryAfterMillis ?? backoff * (0.5 + Math.random()),
        RETRY_AFTER_MAX_MILLIS,
      );
      this.log.warn(
        { reason: outcome.reason, retryInMillis: Math.round(wait) },
        'forward endpoint is not taking requests',
      );
      await pause(wait, signal);
    }
    return false;
  }
}

/** Those that were found whole when the spool was opened: not a torn tail, nor what was damaged then. */
const requestsOf = async ({ directory, id, extents }: SealedSegment): Promise<IndexRecord[]> => {
  const index = await readFile(join(directory, id + INDEX_SUFFIX));
  return Array.from({ length: Math.floor(index.length / INDEX_RECORD_BYTES) }, (_, i) =>
    decodeIndexRecord(index.subarray(i * INDEX_RECORD_BYTES, (i + 1) * INDEX_RECORD_BYTES)),
  )
    .filter((record) => record !== undefined)
    .filter((record) => extents.some(({ start, end }) => record.offset >= start && endOf(record) <= end));
};

const endOf = ({ offset, length }: IndexRecord): number => offset + length;

/** Undefined where the bytes are not those that were written. */
const bodyOf = async (
  data: FileHandle,
  { offset, length, crcBefore, crcAfter }: IndexRecord,
): Promise<Buffer | undefined> => {
  const body = Buffer.alloc(length);
  await data.read(body, 0, length, offset);
  return crc32(body, crcBefore) === crcAfter ? body : undefined;
};

const cursorPath = ({ directory, id }: SealedSegment): string => join(directory, id + CURSOR_SUFFIX);

/** Up to where the other side has had the segment, and the CRC-32 of its bytes until there. */
const cursorAfter = (request: IndexRecord): string => `${endOf(request)} ${request.crcAfter.toString(16)}`;

/**
 * How many of the requests the other side has had. 0 where that is not known: sending again does no harm. A cursor that
 * was not written for one of these requests tells nothing.
 */
const readCursor = async (segment: SealedSegment, requests: readonly IndexRecord[]): Promise<number> => {
  const text = await readFile(cursorPath(segment), 'utf8').catch(() => '');
  return requests.findLastIndex((request) => cursorAfter(request) === text) + 1;
};

const writeCursor = async (segment: SealedSegment, request: IndexRecord): Promise<void> => {
  const path = cursorPath(segment);
  await writeFile(`${path}.new`, cursorAfter(request));
  await rename(`${path}.new`, path);
};
