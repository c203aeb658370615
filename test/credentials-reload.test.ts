import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { type CollectorProcess, startCollector } from './stage/collector-process.ts';
import { bearer, type CredentialsFile, writeCredentials } from './stage/credentials-file.ts';
import { eventually } from './stage/eventually.ts';
import { exportOverGrpc } from './stage/grpc-call.ts';
import { askIssuer } from './stage/issuer-client.ts';
import { newSpan } from './stage/otlp-request.ts';
import { postProtobuf } from './stage/post.ts';

const grants = [{ principal: { id: 'k8s://prod/jobs/nightly', kind: 'scheduler' } }];

let file: CredentialsFile;
let other: CredentialsFile;
let collector: CollectorProcess;
beforeAll(async () => {
  file = writeCredentials('example.com', [{ id: 'old', actor: 'k8s://prod/apps/old', grants }]);
  other = writeCredentials('example.com', [{ id: 'new', actor: 'k8s://prod/apps/new', grants }]);
  collector = await startCollector({ credentialsPath: file.path });
});

const key = (of: CredentialsFile, id: string): string => of.keys[id]!;

const statusOf = async (senderKey: string): Promise<readonly number[]> => [
  (await postProtobuf(collector.url, [newSpan()], bearer(senderKey))).status,
  (await exportOverGrpc(collector.grpcAddress!, [newSpan()], bearer(senderKey))).code,
  (await askIssuer(collector.url, senderKey, '/v1/runs', { job: 'nightly' })).status,
];

const COUNTS = [200, 0, 201];
const COUNTS_NOT = [401, 16, 401];

const takeUp = async (text: string, said: string): Promise<void> => {
  const before = collector.printed().split(said).length;
  writeFileSync(file.path, text);
  process.kill(collector.pid, 'SIGHUP');
  await eventually(() => collector.printed().split(said).length > before);
};

it('a key that is put into the file counts, one that is taken out does not, without a new start', async () => {
  expect([await statusOf(key(file, 'old')), await statusOf(key(other, 'new'))]).toEqual([COUNTS, COUNTS_NOT]);
  await takeUp(readFileSync(other.path, 'utf8'), 'credentials file: taken up anew');
  expect([await statusOf(key(file, 'old')), await statusOf(key(other, 'new'))]).toEqual([COUNTS_NOT, COUNTS]);
});

it('a limit of a tenant counts from then on', async () => {
  const text = JSON.parse(readFileSync(other.path, 'utf8')) as object;
  const tenants = [{ id: 'default', bytesPerSecond: 1, burstBytes: 1 }];
  await takeUp(JSON.stringify({ ...text, tenants }), 'credentials file: taken up anew');
  const send = async (): Promise<number> =>
    (await postProtobuf(collector.url, [newSpan()], bearer(key(other, 'new')))).status;
  await eventually(async () => (await send()) === 429);
  await takeUp(readFileSync(other.path, 'utf8'), 'credentials file: taken up anew');
  expect(await send()).toBe(200);
});

it.each([
  ['that is cut off', () => readFileSync(other.path, 'utf8').slice(0, -20), 'the former stays'],
  ['that is empty', () => '', 'the former stays'],
  [
    'of another trust domain',
    () => readFileSync(other.path, 'utf8').replace('example.com', 'example.org'),
    'the trust domain cannot change from',
  ],
])('a file %s changes nothing, and the log says what is wrong', async (_what, text, said) => {
  await takeUp(text(), said);
  expect(await statusOf(key(other, 'new'))).toEqual(COUNTS);
});
