import { randomUUID } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '../runs/failure.ts';

/** Spans as one `ExportTraceServiceRequest`. */
export interface Batch {
  readonly request: Uint8Array;
  readonly spans: number;
}

/** A batch taken from the spool: nobody else takes it until it is put back, or five minutes have passed. */
export interface SpooledBatch extends Batch {
  readonly name: string;
  /** It is with the receiver, or will never be. */
  remove(): Promise<void>;
  putBack(): Promise<void>;
}

export type Kept = { readonly status: 'kept' } | { readonly status: 'full'; readonly reason: string };

const NONE: ReadonlySet<string> = new Set();

const KEPT: Kept = { status: 'kept' };

/** `<when, ms>-<random>-<spans>.otlp`: sorted by name is sorted by age. */
const BATCH = /^(\d{15})-[0-9a-f-]{36}-(\d+)\.otlp$/;
const TAKEN = /^(\d{15}-[0-9a-f-]{36}-\d+\.otlp)\.taken$/;
/** Beyond it, whoever took a batch has died. */
const TAKEN_MAX_MILLIS = 5 * 60_000;
/** Other processes of the service take from the folder too: before it is called full, it is counted again, at most this often. */
const COUNT_AGAIN_MILLIS = 5000;
/** What a file takes of the disk at least: bounds their number. */
const BLOCK_BYTES = 4096;

/**
 * Batches that the receiver does not take, as files: bounded, of the owner alone, and kept across processes. All
 * processes of a service share a folder; whoever is there sends what is in it. A batch is on disk when `add` says so.
 * A process that dies between the receiver's answer and the removal leaves a batch to be sent twice.
 */
export class SpoolFolder {
  readonly path: string;
  readonly #maxBytes: number;
  #bytes: number;
  /** Of it, what is being written. */
  #underWay = 0;
  #countedAt = 0;
  /** No two batches of a process are of the same millisecond, so that their names are in order. */
  #newest = 0;

  /** @throws where the folder cannot be made, or is not this user's alone */
  constructor(path: string, maxBytes: number) {
    this.path = path;
    this.#maxBytes = maxBytes;
    makeFolder(path);
    refuseOthers(path);
    this.#bytes = bytesIn(path);
  }

  get bytes(): number {
    return this.#bytes;
  }

  async add(batch: Batch): Promise<Kept> {
    const full = this.#reserve(batch);
    if (full !== undefined) return full;
    const { temporary, final } = this.#names(batch);
    try {
      makeFolder(this.path);
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(batch.request);
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(temporary, final);
      return KEPT;
    } catch (error) {
      this.#free(batch);
      await unlink(temporary).catch(() => {});
      return { status: 'full', reason: messageOf(error) };
    } finally {
      this.#underWay -= onDisk(batch.request.byteLength);
    }
  }

  /** For the end of the process, when nothing can be waited for. */
  addNow(batch: Batch): Kept {
    const full = this.#reserve(batch);
    if (full !== undefined) return full;
    const { temporary, final } = this.#names(batch);
    try {
      makeFolder(this.path);
      writeFileSync(temporary, batch.request, { flag: 'wx', mode: 0o600, flush: true });
      renameSync(temporary, final);
      return KEPT;
    } catch (error) {
      this.#free(batch);
      try {
        unlinkSync(temporary);
      } catch {}
      return { status: 'full', reason: messageOf(error) };
    } finally {
      this.#underWay -= onDisk(batch.request.byteLength);
    }
  }

  /**
   * The oldest that nobody else has taken; undefined where there is none. Never rejects.
   * @param except names of batches to be passed over
   */
  async takeOldest(except: ReadonlySet<string> = NONE): Promise<SpooledBatch | undefined> {
    const names = await readdir(this.path).catch((): string[] => []);
    if (names.length === 0) this.#bytes = this.#underWay;
    await Promise.all(names.filter((name) => TAKEN.test(name)).map((name) => this.#recover(name)));
    for (const name of names.filter((each) => BATCH.test(each) && !except.has(each)).sort()) {
      const path = join(this.path, name);
      const taken = `${path}.taken`;
      try {
        await rename(path, taken);
        const request = await readFile(taken);
        return {
          name,
          request,
          spans: Number(BATCH.exec(name)![2]),
          remove: async () => {
            await unlink(taken).catch(() => {});
            this.#free({ request });
          },
          putBack: () => rename(taken, path).catch(() => {}),
        };
      } catch {}
    }
    return undefined;
  }

  /** Leaves no folder behind that nothing is in. Others of the service make it again when they need it. */
  close(): void {
    try {
      rmdirSync(this.path);
    } catch {}
  }

  #reserve({ request }: Batch): Kept | undefined {
    let bytes = this.#bytes + onDisk(request.byteLength);
    if (bytes > this.#maxBytes && Date.now() > this.#countedAt + COUNT_AGAIN_MILLIS) {
      this.#countedAt = Date.now();
      bytes = bytesIn(this.path) + this.#underWay + onDisk(request.byteLength);
    }
    if (bytes > this.#maxBytes) {
      return { status: 'full', reason: `${this.path} holds ${this.#bytes} bytes (WHENCE_SPOOL_MAX_BYTES)` };
    }
    this.#bytes = bytes;
    this.#underWay += onDisk(request.byteLength);
    return undefined;
  }

  /** What other processes have added since we counted is not in our count. */
  #free({ request }: Pick<Batch, 'request'>): void {
    this.#bytes = Math.max(0, this.#bytes - onDisk(request.byteLength));
  }

  #names({ spans }: Batch): { temporary: string; final: string } {
    this.#newest = Math.max(Date.now(), this.#newest + 1);
    const name = `${String(this.#newest).padStart(15, '0')}-${randomUUID()}-${spans}.otlp`;
    return { temporary: join(this.path, `${name}.new`), final: join(this.path, name) };
  }

  /** A rename sets the time of change: when it was taken. */
  async #recover(name: string): Promise<void> {
    const path = join(this.path, name);
    const { ctimeMs } = await stat(path).catch(() => ({ ctimeMs: Number.POSITIVE_INFINITY }));
    if (Date.now() - ctimeMs > TAKEN_MAX_MILLIS)
      await rename(path, join(this.path, TAKEN.exec(name)![1]!)).catch(() => {});
  }
}

/** Not by `recursive`: that never returns where a file system has no folders to make (`/proc`). */
const makeFolder = (path: string): void => {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    const above = dirname(path);
    if (code !== 'ENOENT' || above === path || existsSync(above)) throw error;
    makeFolder(above);
    mkdirSync(path, { mode: 0o700 });
  }
};

/** The temporary directory is everybody's: who owns the folder above could put another in place of ours. */
const refuseOthers = (path: string): void => {
  const own = process.getuid?.();
  if (own === undefined) return;
  const { uid, mode } = lstatSync(path);
  const above = lstatSync(dirname(path)).uid;
  if (uid !== own || (above !== own && above !== 0)) throw new Error('it belongs to another user');
  if ((mode & 0o077) !== 0) throw new Error('other users can get at it');
};

const onDisk = (bytes: number): number => Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;

const bytesIn = (folder: string): number => {
  try {
    return readdirSync(folder).reduce((sum, name) => sum + sizeOf(join(folder, name)), 0);
  } catch {
    return 0;
  }
};

const sizeOf = (path: string): number => {
  try {
    return onDisk(statSync(path).size);
  } catch {
    return 0;
  }
};
