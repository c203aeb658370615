import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bearer, type WrittenCredentials, writeCredentials } from '../access/credentials-file.fixture.ts';
import { type AskedService, startAskedService } from '../asked-service.fixture.ts';
import { newCounters } from '../counters.ts';
import type { JudgedCredential } from '../credentials/judged-credential.ts';
import { openQueryRecorder, type QueryRecorder } from './query-recorder.ts';

const directory = mkdtempSync(join(tmpdir(), 'whence-query-'));
const logger = pino({ level: 'silent' });
const counters = newCounters();

let asked: AskedService;
let recorder: QueryRecorder;
let written: WrittenCredentials;

beforeAll(async () => {
  written = writeCredentials({ dana: { role: 'auditor' }, grafana: { role: 'reader' }, billing: {} });
  asked = await startAskedService(async ({ store }) => {
    recorder = await openQueryRecorder({
      ...{ directory, maxBytes: 1 << 20, store, tenantOfNobody: 'default', counters, logger },
      credentialUsesMillis: 50,
    });
    return { credentials: written.file, recorder, counters };
  });
});

afterAll(async () => {
  await recorder?.close();
  await asked?.remove();
  written?.remove();
  rmSync(directory, { recursive: true, force: true });
});

interface Page {
  readonly credentials: readonly JudgedCredential[];
  readonly next?: string;
}

const ask = (who: string, path: string) => asked.get(path, bearer(written.keys[who]));

const credential = async (id: string): Promise<JudgedCredential | undefined> =>
  (await asked.get<{ credential?: JudgedCredential }>(`/v1/credentials/${id}`, bearer(written.keys['dana'])))
    .body.credential;

test('a key that asks is used, whether or not it may; nothing is said of its secret', async () => {
  expect((await ask('grafana', '/v1/actions')).status).toBe(200);
  expect((await ask('grafana', '/v1/credentials')).status).toBe(403);
  expect((await ask('billing', '/v1/actions')).status).toBe(403);
  await expect.poll(async () => (await credential('key:grafana'))?.uses, { timeout: 10_000 }).toBe(2);
  const grafana = (await credential('key:grafana'))!;
  expect(grafana).toMatchObject({
    actors: { items: ['k8s://test/grafana'], total: 1 },
    addresses: { items: ['127.0.0.1'], total: 1 },
    spans: 0,
    dormant: false,
    expired: false,
    overdue: false,
    entry: { duties: ['reader'] },
  });
  expect(grafana.idleSeconds).toBeLessThan(60);
  expect(JSON.stringify(grafana)).not.toContain(written.keys['grafana']!.split('_').at(-1));
  expect((await credential('key:billing'))?.uses).toBe(1);
});

test('is read by auditors alone, page by page', async () => {
  const ids: string[] = [];
  let path: string | undefined = '/v1/credentials?limit=1';
  while (path !== undefined) {
    const { body }: { body: Page } = await asked.get<Page>(path, bearer(written.keys['dana']));
    ids.push(...body.credentials.map(({ id }) => id));
    path = body.next === undefined ? undefined : `/v1/credentials?limit=1&cursor=${body.next}`;
  }
  expect(ids.sort()).toEqual(['key:billing', 'key:dana', 'key:grafana']);
});

test('what nobody used and no file lists is 404, and what is no id is 400', async () => {
  expect(await ask('dana', '/v1/credentials/key:nobody')).toMatchObject({
    status: 404,
    body: { code: 'unknown_credential', field: 'id' },
  });
  expect((await ask('dana', '/v1/credentials/x')).status).toBe(400);
  expect((await ask('dana', '/v1/credentials?overdue=false')).status).toBe(400);
});
