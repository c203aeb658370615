import { accessSync, constants, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ProcessIdentity } from './process-identity.ts';

/** Who has the directory, as the owner wrote it down. */
export interface Owner extends ProcessIdentity {
  readonly url: string;
}

/**
 * The layout of a data directory: the engine's own folder, the spool, pipes, and a note saying who the owner is.
 * The note only names the owner to others; what makes an owner is the engine's lock on its folder, which the
 * operating system takes back from a dead process.
 */
export class DataDirectory {
  readonly path: string;
  readonly enginePath: string;
  readonly spoolPath: string;
  readonly pipesPath: string;
  readonly #notePath: string;

  constructor(path: string) {
    this.path = resolve(path);
    this.enginePath = join(this.path, 'engine');
    this.spoolPath = join(this.path, 'spool');
    this.pipesPath = join(this.path, 'pipes');
    this.#notePath = join(this.path, 'owner.json');
  }

  /** @throws Error with one line, when the directory cannot be made or written */
  prepare(): void {
    try {
      mkdirSync(this.enginePath, { recursive: true });
      for (const path of [this.path, this.enginePath]) {
        accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
      }
    } catch (error) {
      throw new Error(
        `data directory ${this.path} is not writable: ${(error as Error).message.split(',')[0]}`,
      );
    }
  }

  /** Empties the spool and removes old pipes. Only the owner may. */
  clearSpool(): void {
    rmSync(this.spoolPath, { recursive: true, force: true });
    mkdirSync(this.spoolPath);
    rmSync(this.pipesPath, { recursive: true, force: true });
    mkdirSync(this.pipesPath);
  }

  writeOwner(owner: Owner): void {
    const draft = `${this.#notePath}.${owner.pid}`;
    writeFileSync(draft, `${JSON.stringify(owner)}\n`);
    renameSync(draft, this.#notePath);
  }

  removeOwner(): void {
    rmSync(this.#notePath, { force: true });
  }

  /** The note, if there is one: of the owner that runs, or of one that was killed. */
  readOwner(): Owner | undefined {
    try {
      return JSON.parse(readFileSync(this.#notePath, 'utf8')) as Owner;
    } catch {
      return undefined;
    }
  }
}
