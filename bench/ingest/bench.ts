import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ATTRIBUTES_PER_SPAN, type Bodies, SPANS_PER_REQUEST, writeBodies } from '../stage/bodies.ts';
import { ask, type Child, startNode } from '../stage/child-process.ts';
import { diskDirectory } from '../stage/disk-directory.ts';
import { eventually } from '../stage/eventually.ts';
import { median, rounded } from '../stage/figures.ts';
import type { Load, Sent } from '../stage/load.ts';
import { machine, machineLine } from '../stage/machine.ts';
import { canReadUsage, usageOf } from '../stage/process-usage.ts';
import { startWhence } from '../stage/whence-collector.ts';
import { absenceOf, PEERS, type Running } from './contenders.ts';
import type { Swallowed } from './sink.ts';

const CONNECTIONS = 4;
const WARM_UP_SPANS = 60_000;
const RUNS = 100;
const DRAIN_MILLIS = 120_000;
/** After the last row has arrived: files are removed, queues are trimmed. That is part of the price. */
const SETTLE_MILLIS = 500;

type Encoding = 'plain' | 'gzip';
type Name = 'whence' | (typeof PEERS)[number]['name'];

interface Figures {
  readonly cpuMicrosPerSpan: number;
  readonly spansPerSecond: number;
  readonly rssBytes: number;
}

/**
 * CPU per span of whole processes: OTLP/HTTP in, durable (where it is), request body accepted by a sink that speaks
 * ClickHouse's HTTP interface. Ours beside the peers, in interleaved rounds, each in a fresh process.
 */
export const run = async (say: (line: string) => void, args: readonly string[]): Promise<object> => {
  if (!canReadUsage()) throw new Error('needs Linux: CPU is read from /proc');
  const { values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      peers: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      spans: { type: 'string', default: '300000' },
      gzip: { type: 'boolean', default: false },
      dir: { type: 'string' },
    },
  });
  const rounds = Number(values.rounds);
  const spans = Math.ceil(Number(values.spans) / SPANS_PER_REQUEST) * SPANS_PER_REQUEST;
  const encodings: readonly Encoding[] = values.gzip ? ['plain', 'gzip'] : ['plain'];
  const directory = diskDirectory(values.dir);

  say(machineLine());
  const absent = new Map(PEERS.map((peer) => [peer.name, absenceOf(peer, values.peers)]));
  const peers = PEERS.filter((peer) => absent.get(peer.name) === undefined);
  const stage: Stage = { load: (await startNode(fileOf('../stage/load.ts'), [], {})).child, directory, say };
  const figures = new Map<Encoding, Map<Name, Figures[]>>(encodings.map((each) => [each, new Map()]));
  let bodies: Bodies | undefined;

  for (let round = 1; round <= rounds; round++) {
    for (const encoding of encodings) {
      const keep = (name: Name, result: Figures): void => {
        const results = figures.get(encoding)!;
        results.set(name, [...(results.get(name) ?? []), result]);
        const { cpuMicrosPerSpan, spansPerSecond, rssBytes } = result;
        say(
          `round ${round}, ${encoding}: ${name.padEnd(14)} ${cpuMicrosPerSpan.toFixed(2).padStart(6)} µs per span, ` +
            `${spansPerSecond} spans/s, peak ${Math.round(rssBytes / 2 ** 20)} MiB`,
        );
      };
      const own = await inFolder(stage, 'whence', async (folder, sink, url) => {
        const collector = await startWhence(folder, url);
        const { child, headers } = collector;
        bodies = writeBodies(stage.directory, await collector.startRuns(RUNS));
        const running = { child, headers, tracesUrl: `${collector.url}/v1/traces` };
        const result = await measure(stage, running, sink, bodies, encoding, spans);
        const metric = await collector.metrics();
        const verified = metric('whence_collector_spans_accepted_total', 'assurance="verified"');
        if (verified !== spans + WARM_UP_SPANS) throw new Error(`only ${verified} spans were verified`);
        await child.stop();
        return result;
      });
      keep('whence', own);
      for (const peer of peers) {
        const result = await inFolder(stage, peer.name, async (folder, sink, url) => {
          const program = join(values.peers!, peer.program);
          const running = await peer.start(program, folder, Number(new URL(url).port));
          const measured = await measure(stage, running, sink, bodies!, encoding, spans);
          await running.child.stop();
          return measured;
        });
        keep(peer.name, result);
      }
    }
  }
  await stage.load.stop();
  for (const [name, reason] of absent) if (reason !== undefined) say(`${name}: null, ${reason}`);
  const { plain, gzip } = Object.fromEntries(
    [...figures].map(([encoding, results]) => [encoding, summary(results)]),
  );
  return {
    bench: 'ingest',
    machine: machine(),
    payload: {
      spansPerRequest: SPANS_PER_REQUEST,
      attributesPerSpan: ATTRIBUTES_PER_SPAN,
      bytesPerSpan: rounded(bodies!.bytesPerSpan, 1),
      gzipBytesPerSpan: rounded(bodies!.gzipBytesPerSpan, 1),
      connections: CONNECTIONS,
      spans,
      warmUpSpans: WARM_UP_SPANS,
      rounds,
      runs: RUNS,
    },
    ...plain,
    gzip: gzip ?? null,
  };
};

interface Stage {
  readonly load: Child;
  readonly directory: string;
  readonly say: (line: string) => void;
}

/** A folder and a sink for one process, both gone afterwards. */
const inFolder = async <Result>(
  stage: Stage,
  name: string,
  task: (folder: string, sink: Child, sinkUrl: string) => Promise<Result>,
): Promise<Result> => {
  const folder = join(stage.directory, name);
  mkdirSync(folder, { recursive: true });
  const { child: sink, ready: url } = await startNode(fileOf('./sink.ts'), [], {});
  try {
    return await task(folder, sink, url);
  } finally {
    await sink.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};

const measure = async (
  stage: Stage,
  { child, tracesUrl, headers }: Running,
  sink: Child,
  bodies: Bodies,
  encoding: Encoding,
  spans: number,
): Promise<Figures> => {
  const load: Load = {
    url: tracesUrl,
    bodyPaths: bodies[encoding],
    spansPerRequest: SPANS_PER_REQUEST,
    connections: CONNECTIONS,
    headers: {
      'content-type': 'application/x-protobuf',
      ...(encoding === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
      ...headers,
    },
  };
  await sendAll(stage, { ...load, spans: WARM_UP_SPANS }, sink);
  const before = usageOf(child.pid);
  const { sent, swallowed } = await sendAll(stage, { ...load, spans }, sink);
  const after = usageOf(child.pid);
  return {
    cpuMicrosPerSpan: (after.cpuMicros - before.cpuMicros) / spans,
    spansPerSecond: Math.round((spans * 1000) / (swallowed.lastAt - sent.firstRequestAt)),
    rssBytes: after.peakRssBytes,
  };
};

/** Sends, and waits until the sink has swallowed every span of it: no more, no less. */
const sendAll = async (
  stage: Stage,
  load: Load & { readonly spans: number },
  sink: Child,
): Promise<{ readonly sent: Sent; readonly swallowed: Swallowed }> => {
  const swallowedNow = (): Promise<Swallowed> => ask<Swallowed>(sink, 'how much');
  const expected = (await swallowedNow()).rows + load.spans;
  const sent = await ask<Sent>(stage.load, load as object as Record<string, string>);
  if (sent.acknowledgedSpans !== load.spans) {
    throw new Error(`${load.url}: ${sent.lost + sent.refused} requests failed: ${sent.lastFault}`);
  }
  if (sent.retries > 0) stage.say(`  ${sent.retries} requests were told to come later: ${sent.lastFault}`);
  await eventually(
    `${load.spans} spans in the sink`,
    async () => (await swallowedNow()).rows >= expected,
    DRAIN_MILLIS,
  );
  await pause(SETTLE_MILLIS);
  const swallowed = await swallowedNow();
  if (swallowed.rows !== expected) {
    throw new Error(`the sink has ${swallowed.rows} rows, expected ${expected}`);
  }
  for (const statement of swallowed.unknown) stage.say(`  the sink does not know: ${statement}`);
  return { sent, swallowed };
};

const summary = (results: ReadonlyMap<Name, readonly Figures[]>) => {
  const of = (name: Name): Figures | null => {
    const each = results.get(name);
    if (each === undefined) return null;
    return {
      cpuMicrosPerSpan: rounded(median(each.map((figures) => figures.cpuMicrosPerSpan)), 2),
      spansPerSecond: median(each.map((figures) => figures.spansPerSecond)),
      rssBytes: median(each.map((figures) => figures.rssBytes)),
    };
  };
  const whence = of('whence')!;
  const ratio = (name: Name): number | null => {
    const peer = of(name);
    return peer === null ? null : rounded(whence.cpuMicrosPerSpan / peer.cpuMicrosPerSpan, 3);
  };
  const [otelcolDurable, otelcolMemory, rotel] = PEERS.map(({ name }) => of(name));
  return {
    whence,
    otelcolDurable,
    otelcolMemory,
    rotel,
    /** CPU of ours over CPU of theirs. */
    ratios: {
      otelcolDurable: ratio('otelcolDurable'),
      otelcolMemory: ratio('otelcolMemory'),
      rotel: ratio('rotel'),
    },
  };
};

const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
