import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { constants, createGzip, createZstdCompress } from 'node:zlib';
import { payload } from '../codec/payload.ts';
import { startNode } from '../stage/child-process.ts';
import { diskDirectory } from '../stage/disk-directory.ts';
import { median, rounded } from '../stage/figures.ts';
import { machine, machineLine } from '../stage/machine.ts';

const REQUESTS = 24;
const SPANS_PER_REQUEST = 1_000;
const ROUNDS = 7;
/** As the collector reads its segments. */
const CHUNK_BYTES = 1 << 18;

type Compressor = (bytes: Buffer) => Promise<number>;

interface Figures {
  readonly ratio: number;
  readonly bytesPerSpan: number;
  /** Of all threads. */
  readonly cpuMicrosPerSpan: number;
  /** Of the thread that receives, too. */
  readonly mainThreadMicrosPerSpan: number;
}

/**
 * What compressing the body of an insert costs, and saves: segments that the collector wrote, through the streams of
 * node:zlib, which work on the thread pool. `--lz4 DIR`: beside lz4-napi, where DIR has it installed.
 */
export const run = async (say: (line: string) => void, args: readonly string[]): Promise<object> => {
  const { values } = parseArgs({ args: [...args], strict: false, options: { lz4: { type: 'string' } } });
  const bytes = await segmentBytes();
  const spans = REQUESTS * SPANS_PER_REQUEST;
  const zstd = (level: number) => () =>
    createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: level } });
  const compressors: Record<string, Compressor> = {
    none: through(undefined),
    gzip1: through(() => createGzip({ level: 1 })),
    zstd1: through(zstd(1)),
    zstd3: through(zstd(3)),
    ...(typeof values.lz4 === 'string' ? { lz4: lz4(values.lz4) } : {}),
  };
  say(machineLine());
  say(`${spans} spans, ${rounded(bytes.length / spans, 0)} bytes each as RowBinary`);
  const taken = new Map<string, { cpu: number[]; main: number[]; size: number }>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, compress] of Object.entries(compressors)) {
      const cpuBefore = process.cpuUsage();
      const mainBefore = process.threadCpuUsage();
      const size = await compress(bytes);
      const cpu = process.cpuUsage(cpuBefore);
      const main = process.threadCpuUsage(mainBefore);
      const figures = taken.get(name) ?? { cpu: [], main: [], size };
      figures.cpu.push((cpu.user + cpu.system) / spans);
      figures.main.push((main.user + main.system) / spans);
      taken.set(name, figures);
    }
  }
  const report = Object.fromEntries(
    [...taken].map(([name, { cpu, main, size }]): [string, Figures] => [
      name,
      {
        ratio: rounded(bytes.length / size, 2),
        bytesPerSpan: rounded(size / spans, 1),
        cpuMicrosPerSpan: rounded(median(cpu), 3),
        mainThreadMicrosPerSpan: rounded(median(main), 3),
      },
    ]),
  );
  for (const [name, figures] of Object.entries(report)) say(`${name.padEnd(6)} ${JSON.stringify(figures)}`);
  return { bench: 'compression', machine: machine(), ...report };
};

const through =
  (create: (() => NodeJS.ReadWriteStream) | undefined): Compressor =>
  async (bytes) => {
    let size = 0;
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        size += chunk.length;
        done();
      },
    });
    const source = Readable.from(chunksOf(bytes));
    await (create === undefined ? pipeline(source, sink) : pipeline(source, create(), sink));
    return size;
  };

function* chunksOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}

/** Its frames may follow each other. */
const lz4 = (directory: string): Compressor => {
  const { compressFrame } = createRequire(join(directory, 'x.js'))('lz4-napi') as {
    readonly compressFrame: (bytes: Buffer) => Promise<Buffer>;
  };
  return async (bytes) => {
    let size = 0;
    for (const chunk of chunksOf(bytes)) size += (await compressFrame(chunk)).length;
    return size;
  };
};

/** Rows as the collector spools them: it is sent requests, with no store to send them on to. */
const segmentBytes = async (): Promise<Buffer> => {
  const directory = join(diskDirectory(), 'data');
  mkdirSync(directory);
  const { child, ready } = await startNode(fileURLToPath(import.meta.resolve('@whence/collector/main')), [], {
    WHENCE_DATA_DIR: directory,
    WHENCE_COLLECTOR_PORT: '0',
    WHENCE_COLLECTOR_GRPC_PORT: 'off',
    WHENCE_CLICKHOUSE_URL: 'http://127.0.0.1:1',
    WHENCE_SHUTDOWN_GRACE_MILLIS: '0',
    LOG_LEVEL: 'error',
  });
  for (let i = 0; i < REQUESTS; i++) {
    const answer = await fetch(`${ready}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: Buffer.from(payload(SPANS_PER_REQUEST, [''])),
    });
    if (answer.status !== 200) throw new Error(`the collector answers ${answer.status}`);
  }
  await child.stop();
  const spool = join(directory, 'spool', 'otel_traces');
  return Buffer.concat(
    readdirSync(spool)
      .filter((file) => file.endsWith('.rowbinary'))
      .sort()
      .map((file) => readFileSync(join(spool, file))),
  );
};
