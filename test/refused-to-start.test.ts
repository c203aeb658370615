import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { collectorThatEnds } from './stage/collector-process.ts';
import { type Ended, programThatEnds, serviceThatEnds } from './stage/service-process.ts';
import { takeDown, temporaryDirectory } from './stage/take-down.ts';

const WHENCE = fileURLToPath(new URL('../packages/cli/src/main.ts', import.meta.url));
const KEY = 'whk_local_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

/** A port that another process listens on. */
let takenPort: number;
/** A path below a regular file: nobody can make a directory there, not even root. */
let belowAFile: string;

beforeAll(async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  takeDown(() => server.close());
  takenPort = (server.address() as { port: number }).port;
  const file = join(temporaryDirectory(), 'file');
  writeFileSync(file, '');
  belowAFile = join(file, 'data');
});

/** It ended by itself, not with 0, and said why in one line that names the cause, with no trace of the code. */
const expectRefusal = ({ code, signal, stderr }: Ended, named: readonly string[]): void => {
  expect({ signal, refused: code !== 0 && code !== null }).toEqual({ signal: null, refused: true });
  const lines = stderr.trim().split('\n');
  expect(lines).toHaveLength(1);
  for (const name of named) expect(lines[0]).toContain(name);
  expect(lines[0]).not.toMatch(/\bat \S+ \(|\.ts:\d/);
};

const brokenCredentials = (text: string): string => {
  const path = join(temporaryDirectory(), 'whence.yaml');
  writeFileSync(path, text);
  return path;
};

const BROKEN: readonly [string, string, RegExp][] = [
  ['that is no YAML', 'keys: [', /line 1/],
  ['of another shape', 'trustDomain: example.com\nkeys: 7\n', /keys/],
  [
    'with a key instead of its hash',
    `trustDomain: x\nkeys:\n  - { id: a, hash: ${KEY}, actor: "k8s://a/b/c" }\n`,
    /hash/,
  ],
  ['that is empty', '', /the file/],
];

describe('the collector', () => {
  it('a port in use; the directory is free again at once', async () => {
    const dataDirectory = temporaryDirectory();
    const ended = await collectorThatEnds({ dataDirectory, port: takenPort });
    expectRefusal(ended, [`127.0.0.1:${takenPort}`, 'in use']);
    expect(readdirSync(dataDirectory)).not.toContain('owner.lock');
  });

  it('the port for OTLP/gRPC in use', async () => {
    const environment = { WHENCE_COLLECTOR_GRPC_PORT: String(takenPort) };
    expectRefusal(await collectorThatEnds({ environment }), [`127.0.0.1:${takenPort}`, 'in use']);
  });

  it('a directory that cannot be made', async () => {
    expectRefusal(await collectorThatEnds({ dataDirectory: belowAFile }), [belowAFile]);
  });

  it('a directory in which the spool cannot be made', async () => {
    const dataDirectory = temporaryDirectory();
    writeFileSync(join(dataDirectory, 'spool'), '');
    expectRefusal(await collectorThatEnds({ dataDirectory }), [join(dataDirectory, 'spool')]);
  });

  it('MAC keys that others can read', async () => {
    const dataDirectory = temporaryDirectory();
    const path = join(dataDirectory, 'mac-keys.json');
    writeFileSync(path, '{}');
    chmodSync(path, 0o644);
    expectRefusal(await collectorThatEnds({ dataDirectory }), [path, '0644']);
  });

  it('MAC keys that cannot be read', async () => {
    const dataDirectory = temporaryDirectory();
    const path = join(dataDirectory, 'mac-keys.json');
    writeFileSync(path, '{"active":', { mode: 0o600 });
    expectRefusal(await collectorThatEnds({ dataDirectory }), [path]);
  });

  it('a credentials file that is not there', async () => {
    const credentialsPath = join(temporaryDirectory(), 'nowhere.yaml');
    expectRefusal(await collectorThatEnds({ credentialsPath }), [credentialsPath]);
  });

  it.each(BROKEN)('a credentials file %s', async (_, text, fault) => {
    const credentialsPath = brokenCredentials(text);
    const ended = await collectorThatEnds({ credentialsPath });
    expectRefusal(ended, [credentialsPath]);
    expect(ended.stderr).toMatch(fault);
    expect(ended.stderr).not.toContain(KEY);
  });

  it('configuration with several faults names them all', async () => {
    const environment = { WHENCE_BODY_MAX_BYTES: 'much', WHENCE_SEGMENT_MAX_AGE_MILLIS: '-1' };
    expectRefusal(await collectorThatEnds({ environment }), [
      'WHENCE_BODY_MAX_BYTES',
      'WHENCE_SEGMENT_MAX_AGE_MILLIS',
    ]);
  });
});

describe('the query service', () => {
  it('a store that does not answer', async () => {
    const ended = await serviceThatEnds({
      module: '@whence/query/main',
      environment: { WHENCE_CLICKHOUSE_URL: 'http://127.0.0.1:1', WHENCE_QUERY_PORT: '0' },
    });
    expectRefusal(ended, ['http://127.0.0.1:1']);
  });
});

describe('whence up', () => {
  const up = (...args: string[]): Promise<Ended> => programThatEnds(WHENCE, ['up', ...args]);
  const withPorts = (ports: { clickhouse?: number; collector?: number; query?: number }): string[] => [
    '--clickhouse-port',
    String(ports.clickhouse ?? 0),
    '--collector-port',
    String(ports.collector ?? 0),
    '--query-port',
    String(ports.query ?? 0),
  ];

  it.each(['clickhouse', 'collector', 'query'])('the port of %s in use', async (service) => {
    const ended = await up('--data', temporaryDirectory(), ...withPorts({ [service]: takenPort }));
    expectRefusal(ended, [`127.0.0.1:${takenPort}`, 'in use']);
  });

  it('a directory that cannot be made', async () => {
    expectRefusal(await up('--data', belowAFile, ...withPorts({})), [belowAFile]);
  });

  it('a directory in which the collector’s cannot be made', async () => {
    const data = temporaryDirectory();
    mkdirSync(data, { recursive: true });
    writeFileSync(join(data, 'collector'), '');
    expectRefusal(await up('--data', data, ...withPorts({})), [join(data, 'collector')]);
  });

  it('a credentials file that is broken', async () => {
    const path = brokenCredentials('trustDomain: example.com\nkeys: 7\n');
    expectRefusal(await up('--data', temporaryDirectory(), '--config', path, ...withPorts({})), [
      path,
      'keys',
    ]);
  });
});
