import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CollectorProcess, metricOf, startCollector } from './stage/collector-process.ts';
import { eventually } from './stage/eventually.ts';
import { type OtlpEndpoint, startOtlpEndpoint } from './stage/otlp-endpoint.ts';
import { newSpan } from './stage/otlp-request.ts';
import { postProtobuf } from './stage/post.ts';
import { SpoolFiles } from './stage/spool-files.ts';

const REQUESTS = 10;
const EARLIER = 3;
const LATER = 7;
/** No pause after a fault is as short. */
const WITHIN = { withinMillis: 15_000 };

const startBefore = (endpoint: OtlpEndpoint, dataDirectory?: string): Promise<CollectorProcess> =>
  startCollector({
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
    environment: { WHENCE_FORWARD_URL: endpoint.url },
  });

/** All that it is sent soon after its start is in one segment. */
const startPatient = (endpoint: OtlpEndpoint): Promise<CollectorProcess> =>
  startCollector({
    environment: { WHENCE_FORWARD_URL: endpoint.url, WHENCE_SEGMENT_MAX_AGE_MILLIS: '60000' },
  });

/** One request after the other, each of one span. */
const sendRequests = async ({ url }: CollectorProcess): Promise<string[]> => {
  const ids: string[] = [];
  for (let i = 0; i < REQUESTS; i++) {
    const span = newSpan();
    expect((await postProtobuf(url, [span])).status).toBe(200);
    ids.push(span.spanId);
  }
  return ids;
};

const taken = (endpoint: OtlpEndpoint): string[] => endpoint.spans().map(({ spanId }) => spanId);

const emptied = ({ url }: CollectorProcess): Promise<true> =>
  eventually(
    async () => (await metricOf(url, 'whence_collector_spool_bytes{table="forward-traces"}')) === 0,
    {
      ...WITHIN,
      otherwise: () => 'not all was sent on',
    },
  );

interface Left {
  readonly files: SpoolFiles;
  /** The one segment. */
  readonly id: string;
  /** Ids of the spans, by request. */
  readonly sent: readonly string[];
}

const leftBy = ({ dataDirectory }: CollectorProcess, sent: readonly string[]): Left => {
  const files = new SpoolFiles(dataDirectory, 'forward-traces');
  expect(files.segments()).toHaveLength(1);
  const id = files.segments()[0]!;
  expect(files.bounds(id)).toHaveLength(REQUESTS + 1);
  return { files, id, sent };
};

/** What a collector left that was killed when its endpoint had taken some requests of the segment. */
const leave = async (): Promise<Left & { readonly earlier: string; readonly later: string }> => {
  const endpoint = await startOtlpEndpoint();
  endpoint.answer(503);
  let collector = await startPatient(endpoint);
  const { dataDirectory } = collector;
  const sent = await sendRequests(collector);
  const files = new SpoolFiles(dataDirectory, 'forward-traces');
  const cursors: string[] = [];
  for (const count of [EARLIER, LATER - EARLIER]) {
    await collector.kill();
    endpoint.takeOnly(count);
    const refused = endpoint.requests.length + count;
    collector = await startBefore(endpoint, dataDirectory);
    await eventually(() => endpoint.requests.length > refused);
    cursors.push(files.read(`${files.segments()[0]}.cursor`));
  }
  await collector.kill();
  expect(taken(endpoint)).toEqual(sent.slice(0, LATER));
  const [earlier, later] = cursors as [string, string];
  return { ...leftBy(collector, sent), earlier, later };
};

/** A collector on these files sends the requests on from that one, once each, and then no more. */
const expectSentFrom = async (first: number, { files, sent }: Left): Promise<void> => {
  const endpoint = await startOtlpEndpoint();
  const collector = await startBefore(endpoint, files.dataDirectory);
  await emptied(collector);
  await pause(500);
  expect(taken(endpoint)).toEqual(sent.slice(first));
  expect((await postProtobuf(collector.url, [newSpan()])).status).toBe(200);
  await eventually(() => endpoint.spans().length === sent.length - first + 1, WITHIN);
  expect((await collector.stop()).code).toBe(0);
  expect(files.files()).toEqual([]);
};

describe('the cursor of a second endpoint', () => {
  let left: Awaited<ReturnType<typeof leave>>;
  beforeAll(async () => {
    left = await leave();
  });

  const copy = (): Left => ({ ...left, files: left.files.copy() });
  const withCursor = (text: string | Buffer): Left => {
    const copied = copy();
    copied.files.add(`${left.id}.cursor`, text);
    return copied;
  };

  it('as it was left: what was taken is not sent again', async () => {
    await expectSentFrom(LATER, copy());
  });

  it('lost: all of the segment is sent again', async () => {
    const copied = copy();
    copied.files.remove(`${left.id}.cursor`);
    await expectSentFrom(0, copied);
  });

  it('older than what was taken: what was taken since is sent again', async () => {
    await expectSentFrom(EARLIER, withCursor(left.earlier));
  });

  it.each<[string, (end: number) => string | Buffer]>([
    ['newer than the data', (end) => left.later.replace(/^\d+/, String(end + 1_000))],
    ['at the end, where nobody has come', (end) => left.later.replace(/^\d+/, String(end))],
    ['a number of requests', () => '9'],
    ['empty', () => ''],
    ['NUL', () => Buffer.alloc(64)],
    ['random bytes', () => Buffer.from('f3a1c57e00ff9d1b8a42', 'hex')],
    ['with something behind it', () => `${left.later}0`],
  ])('that is %s is not believed: all is sent', async (_, make) => {
    await expectSentFrom(0, withCursor(make(left.files.size(left.id))));
  });

  it('of another segment is not believed: all is sent', async () => {
    const other = await leave();
    await expectSentFrom(0, withCursor(other.later));
  });

  it('that is a folder, and so can be neither read nor written: all is sent, once', async () => {
    const copied = copy();
    copied.files.remove(`${left.id}.cursor`);
    copied.files.addFolder(`${left.id}.cursor`);
    const endpoint = await startOtlpEndpoint();
    const collector = await startBefore(endpoint, copied.files.dataDirectory);
    await eventually(() => taken(endpoint).length >= left.sent.length, WITHIN);
    await pause(500);
    expect(taken(endpoint)).toEqual(left.sent);
    expect(collector.printed()).toContain('how far it has come cannot be kept');
  });
});

describe('what is damaged of what waits for a second endpoint', () => {
  let left: Left;
  let endpoint: OtlpEndpoint;
  beforeAll(async () => {
    const away = await startOtlpEndpoint();
    away.answer(503);
    const collector = await startPatient(away);
    const sent = await sendRequests(collector);
    await collector.kill();
    left = leftBy(collector, sent);
  });

  const DAMAGED = 4;
  const others = (): string[] => left.sent.filter((_, request) => request !== DAMAGED);

  const expectToldAndKept = async ({ url }: CollectorProcess, files: SpoolFiles): Promise<void> => {
    expect(taken(endpoint)).toEqual(others());
    expect(endpoint.requests).toHaveLength(REQUESTS - 1);
    expect(files.damaged()).toEqual([left.id]);
    const label = '{table="forward-traces"}';
    expect(await metricOf(url, `whence_collector_spool_segments_damaged_total${label}`)).toBe(1);
    expect(await metricOf(url, `whence_collector_spool_rows_lost_total${label}`)).toBe(1);
  };

  it('before the start: that request is not sent, all others are, and it is told', async () => {
    const files = left.files.copy();
    files.flipBit(left.id, files.bounds(left.id)[DAMAGED]! + 20);
    endpoint = await startOtlpEndpoint();
    const collector = await startBefore(endpoint, files.dataDirectory);
    await emptied(collector);
    await expectToldAndKept(collector, files);
    expect((await collector.stop()).code).toBe(0);
    expect(files.files()).toEqual([]);
  });

  it('while it waits: that request is not sent, all others are, and it is told', async () => {
    const files = left.files.copy();
    endpoint = await startOtlpEndpoint();
    await endpoint.away();
    const collector = await startBefore(endpoint, files.dataDirectory);
    files.flipBit(left.id, files.bounds(left.id)[DAMAGED]! + 20);
    await endpoint.back();
    await emptied(collector);
    await expectToldAndKept(collector, files);
    expect((await collector.stop()).code).toBe(0);
    expect(files.files()).toEqual([]);
  });

  it('a torn tail, which was never acknowledged, is not sent', async () => {
    const files = left.files.copy();
    files.cut(left.id, files.size(left.id) - 5);
    endpoint = await startOtlpEndpoint();
    const collector = await startBefore(endpoint, files.dataDirectory);
    await emptied(collector);
    await pause(300);
    expect(taken(endpoint)).toEqual(left.sent.slice(0, -1));
    expect(endpoint.requests).toHaveLength(REQUESTS - 1);
  });
});
