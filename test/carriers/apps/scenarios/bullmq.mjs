// A queue of one's own, and what is needed to wait for its jobs.
import { randomUUID } from 'node:crypto';

const { hostname, port } = new URL(process.env.REDIS_URL);
export const connection = { host: hostname, port: Number(port) };
export const name = `queue-${randomUUID()}`;

/** Resolves when the worker has told so many times of `event`. */
export const times = (worker, event, count) =>
  new Promise((resolve) => {
    let left = count;
    worker.on(event, () => {
      left -= 1;
      if (left === 0) resolve();
    });
  });
