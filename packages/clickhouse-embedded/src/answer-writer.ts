import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline, type Transform } from 'node:stream';
import { constants, createBrotliCompress, createDeflate, createGzip, createZstdCompress } from 'node:zlib';
import { type ClickHouseError, clickHouseError } from './clickhouse-error.ts';
import type { EngineFacts } from './engine.ts';
import { httpStatus } from './http-status.ts';
import { contentTypeOf } from './result-formats.ts';

/** The counts of `X-ClickHouse-Summary`; what is not known is 0, as ClickHouse has it. */
export interface Summary {
  readonly readRows?: number;
  readonly readBytes?: number;
  readonly writtenRows?: number;
  readonly writtenBytes?: number;
  readonly resultRows?: number;
  readonly resultBytes?: number;
}

/** Between the message and the cut, so that a client is done unpacking the one before it hears of the other. */
const CUT_MILLIS = 100;

type Encoder = Transform & { flush(done: () => void): void };

/** In order of preference. The level is the one ClickHouse uses. */
const encoders: ReadonlyArray<readonly [name: string, create: () => Encoder]> = [
  ['gzip', () => createGzip({ level: 3 })],
  ['zstd', () => createZstdCompress()],
  ['br', () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 3 } })],
  ['deflate', () => createDeflate({ level: 3 })],
];

/**
 * Sends one answer. Headers go out with the first bytes, so a failure before them has its own HTTP status; one
 * after them is told in the body, marked with `X-ClickHouse-Exception-Tag`, and the connection is cut.
 */
export class AnswerWriter {
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #facts: EngineFacts;
  readonly #started = performance.now();
  readonly #tag = randomBytes(8).toString('hex');
  #compress = false;
  #encoder: Encoder | undefined;
  readonly #gone: Promise<void>;
  #begun = false;

  constructor(message: IncomingMessage, response: ServerResponse, facts: EngineFacts) {
    this.#message = message;
    this.#response = response;
    this.#facts = facts;
    this.#gone = new Promise((resolve) => response.once('close', resolve));
    response.setHeader('X-ClickHouse-Server-Display-Name', facts.displayName);
    response.setHeader('X-ClickHouse-Timezone', facts.timezone);
    response.setHeader('X-ClickHouse-Exception-Tag', this.#tag);
  }

  describe(queryId: string, compress: boolean): void {
    this.#response.setHeader('X-ClickHouse-Query-Id', queryId);
    this.#compress = compress;
  }

  /** Sets what must be known before the first bytes. */
  head(format: string, summary: Summary = {}): void {
    const elapsedNanos = Math.round((performance.now() - this.#started) * 1e6);
    this.#response.setHeader('Content-Type', contentTypeOf(format));
    this.#response.setHeader('X-ClickHouse-Format', format);
    this.#response.setHeader('X-ClickHouse-Summary', summaryText(summary, elapsedNanos));
  }

  /** Resolves when more may be written; rejects when the client has gone. */
  async write(piece: Uint8Array): Promise<void> {
    if (piece.length === 0) return;
    this.#begin();
    const target = this.#encoder ?? this.#response;
    if (!this.#response.destroyed && !target.write(piece)) await this.#orGone(once(target, 'drain'));
    if (this.#response.destroyed) throw clickHouseError('NETWORK_ERROR', 'The client has gone');
  }

  end(bytes?: Uint8Array): void {
    if (bytes && bytes.length > 0) this.#begin(bytes.length);
    (this.#encoder ?? this.#response).end(bytes);
  }

  async fail(error: ClickHouseError): Promise<void> {
    const text = error.text(this.#facts.version);
    if (this.#response.destroyed) return;
    if (this.#begun) return this.#failMidway(text);
    this.#response.statusCode = httpStatus(error.codeName);
    this.#response.setHeader('X-ClickHouse-Exception-Code', error.code);
    this.#response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
    if (this.#response.statusCode === 401) {
      this.#response.setHeader('WWW-Authenticate', 'Basic realm="ClickHouse server HTTP API"');
    }
    this.#response.end(`${text}\n`);
  }

  #begin(length?: number): void {
    if (this.#begun) return;
    this.#begun = true;
    const accepted = String(this.#message.headers['accept-encoding'] ?? '').toLowerCase();
    const encoder = this.#compress
      ? encoders.find(([name]) => accepted.split(/[\s,;]+/).includes(name))
      : undefined;
    if (!encoder) {
      if (length !== undefined) this.#response.setHeader('Content-Length', length);
      return;
    }
    this.#response.setHeader('Content-Encoding', encoder[0]);
    this.#encoder = encoder[1]();
    pipeline(this.#encoder, this.#response, () => undefined);
  }

  /** ClickHouse's layout: marker, tag, message, the message's length in bytes and the tag again, marker. */
  async #failMidway(text: string): Promise<void> {
    const message = Buffer.from(`${text}\n`);
    const trailer = Buffer.concat([
      Buffer.from(`\r\n__exception__\r\n${this.#tag}\r\n`),
      message,
      Buffer.from(`${message.length} ${this.#tag}\r\n__exception__\r\n`),
    ]);
    const { socket } = this.#response;
    const encoder = this.#encoder;
    const told = new Promise<void>((resolve) => {
      if (encoder) encoder.write(trailer, () => encoder.flush(resolve));
      else this.#response.write(trailer, () => resolve());
    });
    await this.#orGone(told);
    await new Promise((resolve) => setTimeout(resolve, CUT_MILLIS));
    socket?.end();
  }

  /** What a stream owes is never paid once the client has gone. */
  async #orGone(work: Promise<unknown>): Promise<void> {
    await Promise.race([work.catch(() => undefined), this.#gone]);
  }
}

function summaryText(summary: Summary, elapsedNanos: number): string {
  return JSON.stringify({
    read_rows: String(summary.readRows ?? 0),
    read_bytes: String(summary.readBytes ?? 0),
    written_rows: String(summary.writtenRows ?? 0),
    written_bytes: String(summary.writtenBytes ?? 0),
    total_rows_to_read: '0',
    result_rows: String(summary.resultRows ?? 0),
    result_bytes: String(summary.resultBytes ?? 0),
    elapsed_ns: String(elapsedNanos),
  });
}
