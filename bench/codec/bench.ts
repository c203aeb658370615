import { createSecretKey, randomBytes } from 'node:crypto';
import { cpus } from 'node:os';
import { Attributor, encodeRequestColumns, TraceTranscoder } from '@whence/collector';
import {
  formatReference,
  newRunId,
  parseReference,
  type Run,
  signReference,
  verifyReference,
} from '@whence/model';
import { RowWriter } from '@whence/store';
import { oracleDecode } from './oracle.ts';
import { payload } from './payload.ts';

const SPANS = 1_000;
const ROUNDS = 5;
const REQUESTS_PER_ROUND = 300;
const RUNS = 100;

/** CPU per span of decode + attribute + encode, beside a protobuf library that only decodes, in interleaved rounds. */
export const run = async (say: (line: string) => void): Promise<object> => {
  const trust = { trustDomain: 'bench', keys: new Map([['k1', createSecretKey(randomBytes(32))]]) };
  const runs = new Map(Array.from({ length: RUNS }, () => newRunId()).map((id) => [id, recordOf(id)]));
  const key = { kid: 'k1', secret: trust.keys.get('k1')! };
  const traceStates = [...runs.keys()].map(
    (id) => `whence=${formatReference(signReference(key, trust.trustDomain, id))}`,
  );
  const body = payload(SPANS, traceStates);
  const attributor = new Attributor({
    judge: (text) => {
      const parsed = parseReference(text);
      if (parsed.status === 'malformed') return undefined;
      const { assurance } = verifyReference(parsed.reference, trust);
      return { assurance, runId: parsed.reference.runId };
    },
    recordOf: (id) => runs.get(id),
    wanted: () => {},
  });
  const request = encodeRequestColumns(
    { tenant: 'default', actor: 'k8s://bench/apps/orders', witness: 'sdk' },
    { batchId: randomBytes(16), firstRow: 0, receivedAtMillis: Date.now() },
  );
  const transcoder = new TraceTranscoder();
  const out = new RowWriter();
  let verified = 0;
  const listener = {
    span: (columns: { assurance: string }) => (verified += Number(columns.assurance === 'verified')),
  };
  const whence = (): void => {
    out.reset();
    transcoder.transcode(body, out, request, attributor, 0, listener as never);
  };
  const library = (): void => {
    oracleDecode(body);
  };

  say(`machine: ${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Node ${process.versions.node}`);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const mine = cpuMicrosPerSpan(whence);
    const other = cpuMicrosPerSpan(library);
    say(
      `round ${round}: whence ${mine.toFixed(2)} µs, protobufjs (decode only) ${other.toFixed(2)} µs per span`,
    );
    // The first round also pays for compiling.
    if (round > 0) {
      ours.push(mine);
      theirs.push(other);
    }
  }
  if (verified !== ROUNDS * REQUESTS_PER_ROUND * SPANS)
    throw new Error(`only ${verified} spans were verified`);
  return {
    bench: 'codec',
    ...figures(median(ours)),
    bytesPerSpan: body.length / SPANS,
    rowBytesPerSpan: out.at / SPANS,
    oracle: { library: 'protobufjs', does: 'decode only', ...figures(median(theirs)) },
    ratio: median(ours) / median(theirs),
  };
};

const recordOf = (id: string): Run => ({
  id,
  rootId: id,
  path: [],
  job: 'bench',
  attempt: 1,
  trigger: 'schedule',
  principal: { id: 'k8s://bench/jobs/nightly', kind: 'scheduler' },
  authority: { kind: 'policy', id: 'policy:bench@1' },
  assurance: 'verified',
  tenant: 'default',
  startedAt: new Date().toISOString(),
});

const cpuMicrosPerSpan = (task: () => void): number => {
  const before = process.cpuUsage();
  for (let i = 0; i < REQUESTS_PER_ROUND; i++) task();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (REQUESTS_PER_ROUND * SPANS);
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

const figures = (micros: number) => ({
  cpuMicrosPerSpan: Number(micros.toFixed(3)),
  spansPerSecond: Math.round(1e6 / micros),
});
