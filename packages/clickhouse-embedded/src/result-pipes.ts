import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';

/**
 * Named pipes through which the engine hands over results (`INTO OUTFILE`). It writes each result as one, in any
 * format, on a thread of its own, and waits while nobody reads. The binding's own stream does neither: it starts
 * statements on the event loop, for as long as their scalar subqueries take, and repeats headers in every block.
 */
export class ResultPipes {
  readonly #free: string[];

  /**
   * @param folder where nothing else is
   * @throws Error with one line, when the system cannot make named pipes
   */
  constructor(folder: string, count: number) {
    this.#free = Array.from({ length: count }, (_, index) => join(folder, `result-${index}`));
    const { status, error, stderr } = spawnSync('mkfifo', ['-m', '600', ...this.#free], { encoding: 'utf8' });
    if (status !== 0)
      throw new Error(`cannot make named pipes in ${folder}: ${error?.message ?? stderr.trim()}`);
  }

  /** Lends a pipe, of which there is one for each statement that may run. Give it back when the statement ended. */
  take(): string {
    const path = this.#free.pop();
    if (path === undefined) throw new Error('more results than pipes');
    return path;
  }

  giveBack(path: string): void {
    this.#free.push(path);
  }
}

/**
 * What a statement writes to a pipe, piece by piece as it is asked for.
 *
 * Both ends stay open here until the statement has ended. Were there no reader, the engine would wait for one for
 * ever, and no `KILL` could reach it: so when the caller ends early, what is still written is read and dropped.
 *
 * @param start starts the statement; called once the pipe is open
 * @param abandon called when the caller ends early: must see to it that the statement ends
 * @throws what `start` rejects with
 */
export async function* readPipe(
  path: string,
  start: () => Promise<unknown>,
  abandon: () => void,
): AsyncGenerator<Buffer> {
  const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writing = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  const pipe = new Socket({ fd: reading, readable: true, writable: false });
  let failure: { readonly error: unknown } | undefined;
  let ended = false;
  const outcome = Promise.resolve()
    .then(start)
    .catch((error: unknown) => {
      failure = { error };
    })
    .finally(() => {
      ended = true;
      closeSync(writing);
      if (failure) pipe.destroy();
    });
  try {
    for await (const piece of pipe.iterator({ destroyOnReturn: false })) yield piece as Buffer;
  } catch (error) {
    if (!failure) throw error;
  } finally {
    if (!ended) abandon();
    pipe.on('error', () => undefined).resume();
    await outcome;
    pipe.destroy();
  }
  if (failure) throw (failure as { readonly error: unknown }).error;
}
