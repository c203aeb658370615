import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Swallowed } from '../ingest/sink.ts';
import { SPANS_PER_REQUEST, writeBodies } from '../stage/bodies.ts';
import { ask, type Child, startNode } from '../stage/child-process.ts';
import { diskDirectory } from '../stage/disk-directory.ts';
import { eventually } from '../stage/eventually.ts';
import { median, rounded, slope } from '../stage/figures.ts';
import type { Load, Sent } from '../stage/load.ts';
import { machine, machineLine } from '../stage/machine.ts';
import { canReadUsage, usageOf } from '../stage/process-usage.ts';
import { startWhence, type WhenceCollector } from '../stage/whence-collector.ts';

const CONNECTIONS = 4;
const RUNS = 100;
const WARM_UP_SPANS = 60_000;
const CALIBRATION_SECONDS = 10;
/** The load goes on for so long after the store is back. */
const BACK_SECONDS = 30;
const DRAIN_MILLIS = 900_000;

/** Half of the maximum rate for minutes, then the store away and back: is it flat, and is all of it there? */
export const run = async (say: (line: string) => void, args: readonly string[]): Promise<object> => {
  if (!canReadUsage()) throw new Error('needs Linux: memory is read from /proc');
  const { values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      minutes: { type: 'string', default: '10' },
      rate: { type: 'string' },
      'away-seconds': { type: 'string', default: '180' },
      'sample-seconds': { type: 'string', default: '5' },
      dir: { type: 'string' },
    },
  });
  const awaySeconds = Number(values['away-seconds']);
  const directory = diskDirectory(values.dir);
  say(machineLine());
  const { child: sink, ready: sinkUrl } = await startNode(fileOf('../ingest/sink.ts'), [], {});
  const { child: loader } = await startNode(fileOf('../stage/load.ts'), [], {});
  const collector = await startWhence(join(directory, 'whence'), sinkUrl);
  const bodies = writeBodies(directory, await collector.startRuns(RUNS));
  const load: Load = {
    url: `${collector.url}/v1/traces`,
    bodyPaths: bodies.plain,
    spansPerRequest: SPANS_PER_REQUEST,
    connections: CONNECTIONS,
    headers: { 'content-type': 'application/x-protobuf', ...collector.headers },
  };
  const phases: Sent[] = [];
  const send = async (what: Partial<Load>): Promise<Sent> => {
    const sent = await ask<Sent>(loader, { ...load, ...what });
    phases.push(sent);
    return sent;
  };
  const stage: Stage = { collector, sampleMillis: Number(values['sample-seconds']) * 1000, say };

  await send({ spans: WARM_UP_SPANS });
  const fullSpeed = await send({ seconds: CALIBRATION_SECONDS });
  const maximum = rateOf(fullSpeed);
  const rate = values.rate === undefined ? Math.round(maximum / 2) : Number(values.rate);
  say(`at full speed ${maximum} spans/s; goes on with ${rate}`);

  const steady = await sampledWhile(
    stage,
    'steady',
    send({ seconds: Number(values.minutes) * 60, spansPerSecond: rate }),
  );

  say(`the store is away for ${awaySeconds} s`);
  freeze(sink, 'SIGSTOP');
  const away = await sampledWhile(
    stage,
    'away',
    Promise.all([
      send({ seconds: awaySeconds + BACK_SECONDS, spansPerSecond: rate }),
      pause(awaySeconds * 1000).then(() => freeze(sink, 'SIGCONT')),
    ]).then(([sent]) => sent),
  );
  const drainStartedAt = performance.now();
  let drained = true;
  const draining = eventually(
    'an empty spool',
    async () => (await spoolBytes(collector)) === 0,
    DRAIN_MILLIS,
    500,
  );
  const after = await sampledWhile(stage, 'drain', draining).catch(() => {
    drained = false;
    return undefined;
  });
  const drainSeconds = (performance.now() - drainStartedAt) / 1000;

  const acknowledgedSpans = phases.reduce((sum, { acknowledgedSpans: count }) => sum + count, 0);
  const unansweredRequests = phases.reduce((sum, { lost }) => sum + lost, 0);
  const { rows: storedSpans } = await ask<Swallowed>(sink, 'how much');
  say(
    `acknowledged ${acknowledgedSpans}, stored ${storedSpans}, requests without an answer ${unansweredRequests}`,
  );
  await collector.child.stop();
  await loader.stop();
  await sink.stop();
  const inAbsence = [...away.samples, ...(after?.samples ?? [])];
  return {
    bench: 'soak',
    machine: machine(),
    maximumSpansPerSecond: maximum,
    spansPerSecond: rateOf(steady.result),
    minutes: Number(values.minutes),
    rss: rssOf(steady.samples),
    eventLoopDelayMs: delayOf(steady.samples),
    away: {
      seconds: awaySeconds,
      spansPerSecond: rateOf(away.result),
      refusedRequests: away.result.refused,
      spoolMaxBytes: Math.max(...inAbsence.map(({ spoolBytes: bytes }) => bytes)),
      rss: rssOf(inAbsence),
      eventLoopDelayMs: delayOf(inAbsence),
      drainSeconds: rounded(drainSeconds, 1),
    },
    drained,
    acknowledgedSpans,
    storedSpans,
    unansweredRequests,
    equal: acknowledgedSpans === storedSpans,
  };
};

interface Stage {
  readonly collector: WhenceCollector;
  readonly sampleMillis: number;
  readonly say: (line: string) => void;
}

interface Sample {
  readonly atMillis: number;
  readonly rssBytes: number;
  readonly spoolBytes: number;
  /** The largest of the time since the sample before, in milliseconds; absent where it is not told. */
  readonly delayP99?: number;
  readonly delayMax?: number;
}

/** Samples until the work is done. */
const sampledWhile = async <Result>(
  { collector, sampleMillis, say }: Stage,
  name: string,
  work: Promise<Result>,
): Promise<{ readonly result: Result; readonly samples: readonly Sample[] }> => {
  const samples: Sample[] = [];
  const done = new AbortController();
  const finished = work.finally(() => done.abort());
  // Whoever waits for `finished` hears of a failure; it may come before anybody waits.
  finished.catch(() => {});
  do {
    samples.push(await sample(collector));
    if (samples.length % 12 === 0) say(`${name}: ${describe(samples.at(-1)!)}`);
    await pause(sampleMillis, undefined, { signal: done.signal }).catch(() => {});
  } while (!done.signal.aborted);
  samples.push(await sample(collector));
  say(`${name}: ${describe(samples.at(-1)!)}`);
  return { result: await finished, samples };
};

const DELAY = 'whence_collector_event_loop_delay_seconds';

const sample = async (collector: WhenceCollector): Promise<Sample> => {
  const metric = await collector.metrics();
  const millis = (label: string): number | undefined => {
    const seconds = metric(DELAY, label);
    return seconds === undefined ? undefined : seconds * 1000;
  };
  const [delayP99, delayMax] = [millis('quantile="0.99"'), millis('quantile="1"')];
  return {
    atMillis: performance.now(),
    rssBytes: usageOf(collector.child.pid).rssBytes,
    spoolBytes: metric('whence_collector_spool_bytes') ?? 0,
    ...(delayP99 === undefined || delayMax === undefined ? {} : { delayP99, delayMax }),
  };
};

const spoolBytes = async (collector: WhenceCollector): Promise<number> =>
  (await collector.metrics())('whence_collector_spool_bytes') ?? 0;

const rssOf = (samples: readonly Sample[]) => {
  const bytes = samples.map(({ rssBytes }) => rssBytes);
  const points = samples.map(({ atMillis, rssBytes }) => ({ x: atMillis / 60_000, y: rssBytes }));
  return {
    start: bytes[0]!,
    p50: median(bytes),
    max: Math.max(...bytes),
    end: bytes.at(-1)!,
    slopeBytesPerMinute: Math.round(slope(points)),
  };
};

/** The first sample tells of the time before the phase. Null where the collector does not tell. */
const delayOf = (samples: readonly Sample[]) => {
  const told = samples.slice(1).filter(({ delayMax }) => delayMax !== undefined);
  if (told.length === 0) return null;
  return {
    p99: rounded(median(told.map(({ delayP99 }) => delayP99!)), 1),
    max: rounded(Math.max(...told.map(({ delayMax }) => delayMax!)), 1),
  };
};

const rateOf = ({ acknowledgedSpans, firstRequestAt, lastAnswerAt }: Sent): number =>
  Math.round((acknowledgedSpans * 1000) / (lastAnswerAt - firstRequestAt));

const describe = ({ rssBytes, spoolBytes: waiting, delayMax }: Sample): string =>
  `${Math.round(rssBytes / 2 ** 20)} MiB, spool ${Math.round(waiting / 2 ** 20)} MiB` +
  (delayMax === undefined ? '' : `, loop delay at most ${delayMax.toFixed(1)} ms`);

const freeze = (sink: Child, signal: 'SIGSTOP' | 'SIGCONT'): void => void sink.process.kill(signal);

const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
