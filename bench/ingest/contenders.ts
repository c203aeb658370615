import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, startProgram } from '../stage/child-process.ts';
import { eventually } from '../stage/eventually.ts';
import { freePort } from '../stage/free-port.ts';

/** A collector that takes OTLP/HTTP and is ready. */
export interface Running {
  readonly child: Child;
  readonly tracesUrl: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Peer {
  readonly name: 'otelcolDurable' | 'otelcolMemory' | 'rotel';
  readonly does: string;
  /** Where it was built, in the directory of peers. */
  readonly program: string;
  /** It creates its tables by itself. */
  readonly createsSchema: boolean;
  readonly start: (program: string, directory: string, sinkPort: number) => Promise<Running>;
}

export const PEERS: readonly Peer[] = [
  {
    name: 'otelcolDurable',
    does: 'OpenTelemetry Collector, ClickHouse exporter, queue on disk with fsync',
    program: 'otelcol/otelcol-peer',
    createsSchema: true,
    start: (program, directory, sinkPort) => otelcol(program, 'otelcol-durable.yaml', directory, sinkPort),
  },
  {
    name: 'otelcolMemory',
    does: 'OpenTelemetry Collector, ClickHouse exporter, queue in memory',
    program: 'otelcol/otelcol-peer',
    createsSchema: true,
    start: (program, directory, sinkPort) => otelcol(program, 'otelcol-memory.yaml', directory, sinkPort),
  },
  {
    name: 'rotel',
    does: 'Rotel, ClickHouse exporter, queue in memory',
    program: 'rotel',
    createsSchema: false,
    start: async (program, directory, sinkPort) => {
      const port = await freePort();
      const args = [
        ...['start', '--otlp-http-endpoint', `127.0.0.1:${port}`],
        ...['--otlp-grpc-endpoint', `127.0.0.1:${await freePort()}`],
        ...['--pid-file', join(directory, 'pid'), '--log-file', join(directory, 'log')],
        ...['--exporter', 'clickhouse', '--clickhouse-exporter-endpoint', `http://127.0.0.1:${sinkPort}`],
        ...['--clickhouse-exporter-compression', 'none', '--clickhouse-exporter-async-insert', 'false'],
      ];
      return ready(startProgram(program, args, {}), port);
    },
  },
];

/** @returns why it cannot be run, if it cannot */
export const absenceOf = (peer: Peer, peers: string | undefined): string | undefined => {
  if (peers === undefined) return 'not asked for: name the directory of peers with --peers';
  try {
    accessSync(join(peers, peer.program), constants.X_OK);
    return undefined;
  } catch {
    return `${peer.program} is not in the directory of peers: ingest/peers/build builds it`;
  }
};

const otelcol = async (
  program: string,
  configuration: string,
  directory: string,
  sinkPort: number,
): Promise<Running> => {
  const port = await freePort();
  const path = fileURLToPath(new URL(`./peers/${configuration}`, import.meta.url));
  const environment = {
    OTLP_PORT: String(port),
    CLICKHOUSE_PORT: String(sinkPort),
    QUEUE_DIR: join(directory, 'queue'),
  };
  return ready(startProgram(program, ['--config', path], environment), port);
};

/** Ready when it answers an empty request. */
const ready = async (child: Child, port: number): Promise<Running> => {
  const tracesUrl = `http://127.0.0.1:${port}/v1/traces`;
  const ended = child.ended.then(() => {
    throw new Error(`ended before it was ready: ${child.printed()}`);
  });
  const headers = { 'content-type': 'application/x-protobuf' };
  const answers = async (): Promise<boolean> =>
    fetch(tracesUrl, { method: 'POST', headers, body: new Uint8Array(0) }).then(
      (response) => response.status === 200,
      () => false,
    );
  await Promise.race([eventually('an answer to an empty request', answers, 30_000, 100), ended]);
  return { child, tracesUrl, headers: {} };
};
