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
  /** Answers that were neither, and requests without an answer: nothing is known of their spans. */
  readonly lost: number;
  readonly lastFault: string;
  /** Milliseconds since the epoch. */
  readonly firstRequestAt: number;
  readonly lastAnswerAt: number;
}

const RETRY_MILLIS = 50;

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
  let acknowledged = 0;
  let retries = 0;
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
      const wait = startedAt + turn * millisPerRequest - performance.now();
      if (wait > 1) await pause(wait);
      if (performance.now() >= deadline) return;
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
          if (performance.now() < deadline) continue;
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
    lost,
    lastFault,
    firstRequestAt,
    lastAnswerAt: Date.now(),
  };
};

process.on('message', (load: Load) => void send(load).then((answer) => process.send!({ answer })));
process.once('disconnect', () => process.exit(0));
process.send!({ ready: 'load' });
