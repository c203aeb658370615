import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CollectorProcess, startCollector } from './stage/collector-process.ts';
import { type CredentialsFile, writeCredentials } from './stage/credentials-file.ts';
import { eventually } from './stage/eventually.ts';
import { ask } from './stage/issuer-client.ts';
import { startQuery } from './stage/query-process.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';
import { takeDown, temporaryDirectory } from './stage/take-down.ts';

const PRINCIPAL = { id: 'k8s://test/jobs/busy', kind: 'scheduler' };

let store: StoreProcess;
let database: string;
let credentials: CredentialsFile;
let collector: CollectorProcess;
let queryUrl: string;
beforeAll(async () => {
  store = await startStore();
  database = store.newDatabase();
  credentials = writeCredentials('example.com', [
    { id: 'busy', actor: 'k8s://test/jobs/busy-pod', grants: [{ principal: PRINCIPAL }] },
  ]);
  collector = await startCollector({ storeUrl: store.url, database, credentialsPath: credentials.path });
  queryUrl = (await startQuery(store.url, database)).url;
});

/** Runs `apps/service.mjs` under the SDK. */
const startService = (args: readonly string[], environment: Record<string, string> = {}) => {
  const app = fileURLToPath(new URL('./apps/service.mjs', import.meta.url));
  const register = import.meta.resolve('@whence/sdk/register');
  const child = spawn(process.execPath, ['--import', register, app, ...args], {
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      OTEL_SERVICE_NAME: 'busy',
      WHENCE_ISSUER_URL: collector.url,
      WHENCE_KEY: credentials.keys['busy']!,
      WHENCE_SPOOL_DIR: 'off',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  takeDown(() => child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return {
    child,
    runId: () => eventually(() => stdout.includes('\n') && stdout.trim()),
    ended: new Promise<string>((resolve) => child.once('close', () => resolve(stderr))),
  };
};

interface Row {
  readonly SpanId: string;
  readonly SpanName: string;
  readonly ParentSpanId: string;
  readonly Assurance: string;
  readonly sequence: string;
  readonly lost: string;
}

const rowsOf = (runId: string, more = 'false'): Promise<readonly Row[]> =>
  store.rows<Row>(
    database,
    `SELECT SpanId, SpanName, ParentSpanId, Assurance, SpanAttributes['whence.sequence'] AS sequence,
            SpanAttributes['whence.spans.lost'] AS lost
     FROM otel_traces WHERE RunId = '${runId}' OR ${more}`,
  );

/** Names of the actions of a run, once there are as many. */
const actionsOf = (runId: string, count: number): Promise<readonly string[]> =>
  eventually(async () => {
    const names = (await rowsOf(runId)).map(({ SpanName }) => SpanName).filter((name) => /^a\d/.test(name));
    return names.length >= count && names;
  });

describe('the SDK loses nothing', () => {
  it('while the collector is away: the next process of the service sends it', async () => {
    const receiver = { storeUrl: store.url, database, credentialsPath: credentials.path };
    const there = await startCollector(receiver);
    const spooled = { WHENCE_SPOOL_DIR: temporaryDirectory(), OTEL_EXPORTER_OTLP_ENDPOINT: there.url };
    await there.stop();
    const service = startService(['burst', '700'], spooled);
    const runId = await service.runId();
    expect(await service.ended).toContain('701 spans wait on disk for the next process');
    const port = Number(new URL(there.url).port);
    await startCollector({ ...receiver, port, dataDirectory: there.dataDirectory });
    await startService(['burst', '1'], spooled).ended;
    expect(new Set(await actionsOf(runId, 700)).size).toBe(700);
  });

  it('while the collector does not accept the credential', async () => {
    const spooled = { WHENCE_SPOOL_DIR: temporaryDirectory(), OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    const wrong = { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer wk_nobody.wrong' };
    const service = startService(['burst', '700'], { ...spooled, ...wrong });
    const runId = await service.runId();
    expect(await service.ended).toMatch(/cannot take them now \(401[\s\S]*701 spans wait on disk/);
    expect(await rowsOf(runId)).toEqual([]);
    await startService(['burst', '1'], spooled).ended;
    expect(new Set(await actionsOf(runId, 700)).size).toBe(700);
  });
});

describe('the SDK over gRPC', () => {
  it('delivers, and what a wrong credential kept back too', async () => {
    const grpc = {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${collector.grpcAddress}`,
      WHENCE_SPOOL_DIR: temporaryDirectory(),
    };
    const refused = startService(['burst', '700'], {
      ...grpc,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer wk_nobody.wrong',
    });
    const refusedRun = await refused.runId();
    expect(await refused.ended).toMatch(/gRPC status 16[\s\S]*701 spans wait on disk/);
    const service = startService(['burst', '700'], grpc);
    const runId = await service.runId();
    await service.ended;
    expect(new Set(await actionsOf(runId, 700)).size).toBe(700);
    expect(new Set(await actionsOf(refusedRun, 700)).size).toBe(700);
  });
});

describe('what is lost all the same', () => {
  it('shows in the record: as a gap in the numbers of the process, and as an action of the recorder', async () => {
    const service = startService(['burst', '500'], { OTEL_BSP_MAX_QUEUE_SIZE: '100' });
    const runId = await service.runId();
    expect(await service.ended).toContain('spans are being dropped');
    const rows = await eventually(async () => {
      const all = await rowsOf(runId, "SpanName = 'spans lost'");
      return all.some(({ SpanName }) => SpanName === 'spans lost') && all;
    });
    const lost = rows.filter(({ SpanName }) => SpanName === 'spans lost');
    const numbers = rows.map(({ sequence }) => Number(sequence));
    const gaps = Math.max(...numbers) - numbers.length;
    expect(gaps).toBeGreaterThanOrEqual(400);
    expect(lost.reduce((sum, row) => sum + Number(row.lost), 0)).toBe(gaps);
    expect(lost[0]).toMatchObject({ Assurance: 'none' });
  });

  // Both wait until what is open is said to be: side by side.
  it.concurrent('shows as an open run and an open action, where the process was killed', async () => {
    const service = startService(['hang', '0']);
    const runId = await service.runId();
    const [mark] = await eventually(async () => {
      const rows = (await rowsOf(runId)).filter(({ SpanName }) => SpanName === 'open: purge orders');
      return rows.length > 0 && rows;
    });
    service.child.kill('SIGKILL');
    await service.ended;
    const { json: run } = await ask(`${queryUrl}/v1/who?run=${runId}`);
    expect(run.principal).toMatchObject({ id: PRINCIPAL.id, assurance: 'verified' });
    expect(codesOf(run)).toContain('run_open');
    const { json: open } = await ask(`${queryUrl}/v1/who?span=${mark!.SpanId}`);
    expect(open).toMatchObject({
      action: { target: 'db://orders' },
      principal: { id: PRINCIPAL.id, assurance: 'verified' },
    });
    expect(codesOf(open)).toContain('not_ended');
    expect((await namesInTree(runId)).toSorted()).toEqual(['open: hang', 'open: purge orders']);
  });

  it.concurrent('shows no longer as open when it has ended', async () => {
    const service = startService(['dawdle', '11000']);
    const runId = await service.runId();
    await service.ended;
    await eventually(async () => (await rowsOf(runId)).length === 4);
    expect(await namesInTree(runId)).toEqual(['dawdle', 'dawdle']);
    const { json } = await ask(`${queryUrl}/v1/runs/${runId}`);
    expect(json.totals.actions).toBe(2);
  });
});

describe('what is nobody’s for certain', () => {
  it('is said of what a run left behind', async () => {
    const service = startService(['leave']);
    const runId = await service.runId();
    await service.ended;
    const { json } = await ask(`${queryUrl}/v1/who?span=${(await rowNamed(runId, 'left behind')).SpanId}`);
    expect(json).toMatchObject({ run: { id: runId }, principal: { assurance: 'asserted' } });
    expect(codesOf(json)).toEqual(expect.arrayContaining(['run_ended', 'asserted_only']));
  });

  it('is said of what was asked for in one run and done in another: neither is named', async () => {
    const service = startService(['mix']);
    const runId = await service.runId();
    await service.ended;
    const { json } = await ask(
      `${queryUrl}/v1/who?span=${(await rowNamed(runId, 'whose', "SpanName = 'whose'")).SpanId}`,
    );
    expect(json.sentence).toMatch(/^Nobody/);
    expect(json).not.toHaveProperty('principal');
    const doubt = json.missing.find(({ code }: { code: string }) => code === 'run_conflict');
    expect(doubt.detail).toContain(runId);
  });
});

const codesOf = (answer: { missing: { code: string }[] }): string[] => answer.missing.map(({ code }) => code);

const rowNamed = (runId: string, name: string, more?: string): Promise<Row> =>
  eventually(async () => (await rowsOf(runId, more)).find(({ SpanName }) => SpanName === name));

interface Node {
  readonly action: { readonly name: string };
  readonly children: readonly Node[];
}

const namesInTree = async (runId: string): Promise<readonly string[]> => {
  const namesOf = ({ action, children }: Node): string[] => [action.name, ...children.flatMap(namesOf)];
  const { json } = await ask(`${queryUrl}/v1/runs/${runId}/tree`);
  return json.roots.flatMap(namesOf);
};
