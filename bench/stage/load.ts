import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * The load generator: a program of its own, so that what it uses is nobody's figure. Told by its parent what to send,
 * it answers when all of it was acknowledged.
 */
export interface Load {
  readonly url: string;
  /** Bodies, sent in turn. */
  readonly bodyPaths: readonly string[];
  readonly spansPerRequest: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  /** Sends until so many spans were acknowledged, */
  readonly spans?: number;
  /** or for so long. */
  readonly seconds?: number;
  /** At most; absent: as fast as it goes. */
  readonly spansPerSecond?: number;
}

export interface Sent {
  readonly acknowledgedSpans: number;
  /** Requests answered with 429 or 503 and sent again. */
  readonly retries: number;
  /** Requests that were given up, told until the end to come later. */
  readonly refused: number;
  /** Answers that were neither, and requests without an answer: nothing is known of their spans. */
  readonly lost: number;
  readonly lastFault: string;
  /** Milliseconds since the epoch. */
  readonly firstRequestAt: number;
  readonly lastAnswerAt: number;
}

const RETRY_MILLIS = 50;
/** A request that is refused for so long is given up. */
const PATIENCE_MILLIS = 30_000;
/** By so much a load of a given rate may fall behind and catch up; what is more is left out. */
const CATCH_UP_MILLIS = 1_000;

const send = async (load: Load): Promise<Sent> => {
  const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
  const bodies = load.bodyPaths.map((path) => readFileSync(path));
  const target = new URL(load.url);
  const { spansPerRequest, spans = Number.POSITIVE_INFINITY, seconds = Number.POSITIVE_INFINITY } = load;
  const total = Math.ceil(spans / spansPerRequest);
  const millisPerRequest =
    load.spansPerSecond === undefined ? 0 : (1000 * spansPerRequest) / load.spansPerSecond;
  const startedAt = performance.now();
  const firstRequestAt = Date.now();
  const deadline = startedAt + seconds * 1000;
  let started = 0;
  let nextAt = startedAt;
  let acknowledged = 0;
  let retries = 0;
  let refused = 0;
  let lost = 0;
  let lastFault = '';

  const post = (body: Buffer): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { ...load.headers, 'content-length': body.length };
      const posted = request(target, { method: 'POST', agent, headers }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          if (response.statusCode !== 200) text += chunk.toString('latin1');
        });
        response.on('end', () => {
          if (response.statusCode !== 200) lastFault = `${response.statusCode} ${text}`;
          resolve(response.statusCode ?? 0);
        });
        response.on('error', reject);
      });
      posted.on('error', reject);
      posted.end(body);
    });

  const sender = async (): Promise<void> => {
    while (started < total) {
      const turn = started++;
      const wait = nextAt - performance.now();
      nextAt = Math.max(nextAt, performance.now() - CATCH_UP_MILLIS) + millisPerRequest;
      if (wait > 1) await pause(wait);
      const postedAt = performance.now();
      if (postedAt >= deadline) return;
      const body = bodies[turn % bodies.length]!;
      for (;;) {
        const status = await post(body).catch((error: Error) => {
          lastFault = error.message;
          return 0;
        });
        if (status === 200) acknowledged++;
        else if (status === 429 || status === 503) {
          retries++;
          await pause(RETRY_MILLIS);
          if (performance.now() < Math.min(deadline, postedAt + PATIENCE_MILLIS)) continue;
          refused++;
        } else lost++;
        break;
      }
    }
  };

  await Promise.all(Array.from({ length: load.connections }, sender));
  agent.destroy();
  return {
    acknowledgedSpans: acknowledged * spansPerRequest,
    retries,
    refused,
    lost,
    lastFault,
    firstRequestAt,
    lastAnswerAt: Date.now(),
  };
};

process.on('message', (load: Load) => void send(load).then((answer) => process.send!({ answer })));
process.once('disconnect', () => process.exit(0));
process.send!({ ready: 'load' });
