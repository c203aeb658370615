import { Worker } from 'node:worker_threads';
import { CollectorError } from '../collector-error.ts';
import { protobufFromJson } from './json-request.ts';
import type { JsonAnswer } from './json-worker.ts';

/** A body below this is read where it is: sooner done than sent to another thread. */
const HERE_MAX_BYTES = 1 << 18;

interface Waiting {
  readonly resolve: (protobuf: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Turns bodies of OTLP/JSON into protobuf. A large one, which takes seconds, is read on a thread of its own, so that
 * other senders do not wait for it; these are read one after the other.
 */
export class JsonReader {
  private worker: Worker | undefined;
  private waiting: Waiting[] = [];

  /** @throws CollectorError, or rejects with one: `otlp_malformed` */
  read(body: Uint8Array): Uint8Array | Promise<Uint8Array> {
    if (body.length < HERE_MAX_BYTES) {
      return protobufFromJson(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'));
    }
    const worker = this.running();
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      const copy = new Uint8Array(body);
      worker.postMessage(copy, [copy.buffer]);
    });
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
  }

  private running(): Worker {
    if (this.worker !== undefined) return this.worker;
    const worker = new Worker(new URL('./json-worker.ts', import.meta.url));
    worker.unref();
    worker.on('message', (answer: JsonAnswer) => this.answered(answer));
    worker.on('error', (error) => this.fell(error));
    this.worker = worker;
    return worker;
  }

  private answered(answer: JsonAnswer): void {
    const asked = this.waiting.shift();
    if ('protobuf' in answer) asked?.resolve(answer.protobuf);
    else if ('malformed' in answer) asked?.reject(new CollectorError('otlp_malformed', answer.malformed));
    else asked?.reject(new Error(answer.fault));
  }

  /** A fault that nobody knows: all may be sent again. */
  private fell(error: Error): void {
    for (const { reject } of this.waiting) reject(error);
    this.waiting = [];
    this.worker = undefined;
  }
}
