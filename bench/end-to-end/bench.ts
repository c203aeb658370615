import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type EmbeddedClickHouse, startEmbedded } from '@whence/clickhouse-embedded';
import { absenceOf, PEERS, type Running } from '../ingest/contenders.ts';
import { type Bodies, SPANS_PER_REQUEST, writeBodies } from '../stage/bodies.ts';
import { ask, type Child, startNode } from '../stage/child-process.ts';
import { diskDirectory } from '../stage/disk-directory.ts';
import { eventually } from '../stage/eventually.ts';
import { quantile, rounded } from '../stage/figures.ts';
import type { Load, Sent } from '../stage/load.ts';
import { machine, machineLine } from '../stage/machine.ts';
import { canReadUsage, usageOf } from '../stage/process-usage.ts';
import { startWhence } from '../stage/whence-collector.ts';
import { type Probed, probe } from './probe.ts';
import { askStore } from './store-question.ts';

const CONNECTIONS = 4;
const WARM_UP_SPANS = 60_000;
const RUNS = 100;
const DRAIN_MILLIS = 300_000;

/** From the wire to the answer of a SELECT: the embedded store, everything real, everything on this machine. */
export const run = async (say: (line: string) => void, args: readonly string[]): Promise<object> => {
  const { values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      seconds: { type: 'string', default: '10' },
      peers: { type: 'string' },
      dir: { type: 'string' },
    },
  });
  const seconds = Number(values.seconds);
  const directory = diskDirectory(values.dir);
  say(machineLine());
  const load = (await startNode(fileOf('../stage/load.ts'), [], {})).child;
  let bodies: Bodies | undefined;

  const own = await onStore(join(directory, 'whence'), async (folder, store) => {
    const collector = await startWhence(folder, store.url);
    bodies = writeBodies(directory, await collector.startRuns(RUNS));
    const { child, headers } = collector;
    const whence: Sink = {
      load: loadOf({ child, headers, tracesUrl: `${collector.url}/v1/traces` }, bodies),
      count: () => count(store.url, 'whence'),
    };
    const spansPerSecond = await throughput(load, whence, seconds);
    const rssBytes = canReadUsage() ? usageOf(child.pid).peakRssBytes : null;
    say(`whence: ${spansPerSecond} spans/s from the first request to count() showing them all`);

    const half = Math.round(spansPerSecond / 2);
    const sending = ask<Sent>(load, { ...whence.load, seconds, spansPerSecond: half });
    const probed = await probe({ collector, storeUrl: store.url, seconds });
    const sent = await sending;
    say(`probes under ${rateOf(sent)} spans/s: ${describe(probed)}`);
    await child.stop();
    return { spansPerSecond, rssBytes, probed, probedUnder: rateOf(sent) };
  });

  const peers: Record<string, { readonly spansPerSecond: number } | null> = {};
  for (const peer of PEERS.filter(({ createsSchema }) => createsSchema)) {
    const absence = absenceOf(peer, values.peers);
    if (absence !== undefined) {
      say(`${peer.name}: null, ${absence}`);
      peers[peer.name] = null;
      continue;
    }
    const spansPerSecond = await onStore(join(directory, peer.name), async (folder, store) => {
      const running = await peer.start(
        join(values.peers!, peer.program),
        folder,
        Number(new URL(store.url).port),
      );
      const sink: Sink = { load: loadOf(running, bodies!), count: () => count(store.url, 'default') };
      const measured = await throughput(load, sink, seconds);
      await running.child.stop();
      return measured;
    });
    say(`${peer.name}: ${spansPerSecond} spans/s, the same way into its own schema`);
    peers[peer.name] = { spansPerSecond };
  }
  await load.stop();

  const { probed } = own;
  return {
    bench: 'end-to-end',
    machine: machine(),
    spansPerSecond: own.spansPerSecond,
    ackToQueryableMs: quantiles(probed.queryableMillis),
    requestToAckMs: quantiles(probed.ackMillis),
    probes: probed.queryableMillis.length,
    probedUnderSpansPerSecond: own.probedUnder,
    collectorRssBytes: own.rssBytes,
    ...peers,
  };
};

interface Sink {
  readonly load: Load;
  readonly count: () => Promise<number>;
}

const onStore = async <Result>(
  folder: string,
  task: (folder: string, store: EmbeddedClickHouse) => Promise<Result>,
): Promise<Result> => {
  mkdirSync(folder, { recursive: true });
  const store = await startEmbedded({ dataDir: join(folder, 'store') });
  try {
    return await task(folder, store);
  } finally {
    await store.stop();
  }
};

/** As fast as it goes for so many seconds, until the store shows every span. */
const throughput = async (load: Child, sink: Sink, seconds: number): Promise<number> => {
  const warmUp = await sendAndSee(load, { ...sink.load, spans: WARM_UP_SPANS }, sink, 0);
  const { sent, seenAt } = await sendAndSee(
    load,
    { ...sink.load, seconds },
    sink,
    warmUp.sent.acknowledgedSpans,
  );
  return Math.round((sent.acknowledgedSpans * 1000) / (seenAt - sent.firstRequestAt));
};

const sendAndSee = async (
  load: Child,
  what: Load,
  sink: Sink,
  held: number,
): Promise<{ readonly sent: Sent; readonly seenAt: number }> => {
  const sent = await ask<Sent>(load, { ...what });
  if (sent.lost > 0) throw new Error(`${sent.lost} requests failed: ${sent.lastFault}`);
  const expected = held + sent.acknowledgedSpans;
  let seen = 0;
  await eventually(
    `${expected} spans in the store`,
    async () => {
      seen = await sink.count();
      return seen >= expected;
    },
    DRAIN_MILLIS,
    50,
  );
  if (seen !== expected) throw new Error(`the store has ${seen} spans, expected ${expected}`);
  return { sent, seenAt: Date.now() };
};

const count = async (storeUrl: string, database: string): Promise<number> =>
  Number((await askStore(storeUrl, database, 'SELECT count() FROM otel_traces'))[0] ?? 0);

const loadOf = ({ tracesUrl, headers }: Running, bodies: Bodies): Load => ({
  url: tracesUrl,
  bodyPaths: bodies.plain,
  spansPerRequest: SPANS_PER_REQUEST,
  connections: CONNECTIONS,
  headers: { 'content-type': 'application/x-protobuf', ...headers },
});

const rateOf = ({ acknowledgedSpans, firstRequestAt, lastAnswerAt }: Sent): number =>
  Math.round((acknowledgedSpans * 1000) / (lastAnswerAt - firstRequestAt));

const quantiles = (millis: readonly number[]) => ({
  p50: rounded(quantile(millis, 0.5), 1),
  p99: rounded(quantile(millis, 0.99), 1),
});

const describe = ({ queryableMillis, ackMillis }: Probed): string => {
  const [ack, queryable] = [quantiles(ackMillis), quantiles(queryableMillis)];
  return (
    `request to ack p50 ${ack.p50} ms, p99 ${ack.p99} ms; ` +
    `ack to queryable p50 ${queryable.p50} ms, p99 ${queryable.p99} ms (${queryableMillis.length} probes)`
  );
};

const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
