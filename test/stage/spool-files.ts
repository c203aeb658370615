import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './take-down.ts';

/** Bytes of one record of a segment's index. */
export const INDEX_RECORD_BYTES = 44;

/** The files of one of the collector's spools, to be damaged. */
export class SpoolFiles {
  readonly dataDirectory: string;
  private readonly table: string;
  private readonly directory: string;

  /** @param table `forward-traces`: what is for the second endpoint. @default the spans for the store */
  constructor(dataDirectory: string, table = 'otel_traces') {
    this.dataDirectory = dataDirectory;
    this.table = table;
    this.directory = join(dataDirectory, 'spool', table);
  }

  /** The same in another place, as the killed collector left it. */
  copy(): SpoolFiles {
    const target = temporaryDirectory();
    cpSync(this.dataDirectory, target, { recursive: true });
    return new SpoolFiles(target, this.table);
  }

  /** Segments that have rows. */
  segments(): readonly string[] {
    return this.names('', '.rowbinary').filter((id) => this.size(id) > 0);
  }

  damaged(): readonly string[] {
    return this.names('damaged', '.rowbinary');
  }

  /** Everything but the folders for what was set aside. */
  files(): readonly string[] {
    return readdirSync(this.directory).filter((file) => file !== 'damaged' && file !== 'refused');
  }

  size(id: string): number {
    return statSync(this.rows(id)).size;
  }

  /** Where each append begins, by the index, and the end of the last. */
  bounds(id: string): readonly number[] {
    const index = readFileSync(this.index(id));
    const starts = Array.from({ length: index.length / INDEX_RECORD_BYTES }, (_, i) =>
      index.readDoubleLE(i * INDEX_RECORD_BYTES + 8),
    );
    return [...starts, this.size(id)];
  }

  cut(id: string, length: number): void {
    truncateSync(this.rows(id), length);
  }

  append(id: string, bytes: Uint8Array): void {
    writeFileSync(this.rows(id), bytes, { flag: 'a' });
  }

  flipBit(id: string, at: number): void {
    flipBitIn(this.rows(id), at);
  }

  flipBitOfIndex(id: string, at: number): void {
    flipBitIn(this.index(id), at);
  }

  removeIndex(id: string): void {
    rmSync(this.index(id));
  }

  add(file: string, bytes: Uint8Array | string): void {
    writeFileSync(join(this.directory, file), bytes);
  }

  addFolder(name: string): void {
    mkdirSync(join(this.directory, name));
  }

  read(file: string): string {
    return readFileSync(join(this.directory, file), 'utf8');
  }

  remove(file: string): void {
    rmSync(join(this.directory, file));
  }

  private rows(id: string): string {
    return join(this.directory, `${id}.rowbinary`);
  }

  private index(id: string): string {
    return join(this.directory, `${id}.index`);
  }

  private names(folder: string, suffix: string): readonly string[] {
    return readdirSync(join(this.directory, folder))
      .filter((file) => file.endsWith(suffix))
      .map((file) => file.slice(0, -suffix.length))
      .sort();
  }
}

const flipBitIn = (path: string, at: number): void => {
  const bytes = readFileSync(path);
  bytes[at]! ^= 0x04;
  writeFileSync(path, bytes);
};
