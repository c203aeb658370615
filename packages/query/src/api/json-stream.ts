import { once } from 'node:events';
import type { Response } from 'express';

/** A JSON answer that is sent piece by piece, as fast as it is taken: it is never in memory whole. */
export interface JsonStream {
  /** Whoever asked has gone: nothing more need be read. */
  readonly closed: boolean;
  write(piece: string): Promise<void>;
  end(piece: string): void;
}

/** Characters that are sent together. */
const TOGETHER = 65_536;

/**
 * What is thrown before anything was sent is answered as any error is. Later on it ends the connection, so that a part
 * is never taken for the whole.
 */
export const jsonStream = (response: Response): JsonStream => {
  let held = '';
  response.set('Content-Type', 'application/json; charset=utf-8');
  return {
    get closed() {
      return response.closed;
    },
    write: async (piece) => {
      held += piece;
      if (held.length < TOGETHER) return;
      const pieces = held;
      held = '';
      if (response.closed || response.write(pieces)) return;
      await taken(response);
    },
    end: (piece) => {
      response.end(held + piece);
    },
  };
};

const taken = async (response: Response): Promise<void> => {
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
  } finally {
    waiting.abort();
  }
};
