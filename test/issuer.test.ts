import { formatReference, newRunId } from '@whence/model';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CollectorProcess, NO_STORE, startCollector, storeOpen } from './stage/collector-process.ts';
import { bearer, type CredentialsFile, writeCredentials } from './stage/credentials-file.ts';
import { eventually } from './stage/eventually.ts';
import { askIssuer, type JsonAnswer } from './stage/issuer-client.ts';
import { drained, Ledger } from './stage/ledger.ts';
import { newSpan } from './stage/otlp-request.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';
import { temporaryDirectory } from './stage/take-down.ts';

const PRINCIPAL = { id: 'k8s://prod/payments/reconcile', kind: 'service_account' };
const APPROVER = { id: 'user:dana@example.com', kind: 'human' };

let store: StoreProcess;
let credentials: CredentialsFile;
let database: string;
let collector: CollectorProcess;

beforeAll(async () => {
  store = await startStore();
  credentials = writeCredentials('example.com', [
    {
      id: 'scheduler',
      actor: 'k8s://prod/payments/scheduler',
      grants: [{ principal: PRINCIPAL, jobs: ['nightly-*'], authority: 'policy:nightly' }],
    },
    { id: 'other', actor: 'k8s://prod/payments/other', grants: [{ principal: PRINCIPAL }] },
    { id: 'elsewhere', actor: 'k8s://prod/x/y', tenant: 'elsewhere', grants: [{ principal: PRINCIPAL }] },
    { id: 'approver', actor: 'k8s://prod/payments/approver', grants: [{ principal: APPROVER }] },
    { id: 'powerless', actor: 'k8s://prod/payments/powerless' },
  ]);
  database = store.newDatabase();
  collector = await startCollector({ storeUrl: store.url, database, credentialsPath: credentials.path });
  await storeOpen(collector.url);
});

const call = (who: string, path: string, body?: unknown): Promise<JsonAnswer> =>
  askIssuer(collector.url, credentials.keys[who], path, body);

const start = async (who = 'scheduler', job = 'nightly-reconcile'): Promise<string> => {
  const { status, json } = await call(who, '/v1/runs', { job });
  expect(status).toBe(201);
  return json.run.id;
};

const expectProblem = ({ status, headers, json }: JsonAnswer, expected: number, code: string): string => {
  expect({ status, code: json.code }).toEqual({ status: expected, code });
  expect(headers.get('content-type')).toBe('application/problem+json');
  return json.detail;
};

describe('who may ask', () => {
  it('a wrong key, no key, or something that is no key: 401', async () => {
    const wrong = `${credentials.keys['scheduler']!.slice(0, -1)}${credentials.keys['scheduler']!.endsWith('A') ? 'B' : 'A'}`;
    for (const key of [wrong, undefined, 'whk_scheduler_x', 'Basic']) {
      for (const [path, body] of [
        ['/v1/runs', { job: 'nightly-reconcile' }],
        [`/v1/runs/${newRunId()}/end`, { outcome: 'success' }],
        [`/v1/runs/${newRunId()}/token`, {}],
        [`/v1/runs/${newRunId()}`, undefined],
      ] as const) {
        const answer = await askIssuer(collector.url, key, path, body);
        expectProblem(answer, 401, 'unauthenticated');
        expect(answer.headers.get('www-authenticate')).toBe('Bearer');
        expect(JSON.stringify(answer.json)).not.toContain(wrong);
      }
    }
  });
});

describe('what is refused, and why', () => {
  it.each<[string, string, unknown, string, RegExp]>([
    [
      'a principal that it may not act as',
      'scheduler',
      { job: 'nightly-reconcile', principal: 'user:root@example.com' },
      'principal_not_allowed',
      /user:root@example\.com.*may run as k8s:\/\/prod\/payments\/reconcile/,
    ],
    [
      'a job that it may not run',
      'scheduler',
      { job: 'drop-tables' },
      'job_not_allowed',
      /drop-tables.*nightly-\*/,
    ],
    [
      'an authority that did not allow it',
      'scheduler',
      { job: 'nightly-reconcile', authority: 'user:boss@example.com' },
      'authority_not_allowed',
      /boss@example\.com.*policy:nightly/,
    ],
    [
      'a credential without grants',
      'powerless',
      { job: 'nightly-reconcile' },
      'principal_not_allowed',
      /no grants/,
    ],
  ])('%s: 403', async (_, who, body, code, why) => {
    expect(expectProblem(await call(who, '/v1/runs', body), 403, code)).toMatch(why);
  });

  it.each<[string, unknown]>([
    ['no JSON', '{"job":'],
    ['an array', []],
    ['a text', '"nightly"'],
    ['no job', {}],
    ['a job of the wrong type', { job: 7 }],
    ['an unknown field', { job: 'nightly-x', user: 'root' }],
    ['an unknown trigger', { job: 'nightly-x', trigger: 'magic' }],
    ['attempt 0', { job: 'nightly-x', attempt: 0 }],
    ['a parent that is no reference', { job: 'nightly-x', parent: 'hello' }],
    ['a handoff by nobody', { job: 'nightly-x', trigger: 'handoff' }],
  ])('%s: 400', async (_, body) => {
    expect(expectProblem(await call('scheduler', '/v1/runs', body), 400, 'invalid_request')).not.toBe('');
  });

  it('a body that is too large: 413', async () => {
    const answer = await call('scheduler', '/v1/runs', { job: 'x'.repeat(100_000) });
    expectProblem(answer, 413, 'invalid_request');
  });

  it('another method: 405', async () => {
    const id = await start();
    const headers = { authorization: `Bearer ${credentials.keys['scheduler']}` };
    for (const [method, path, allowed] of [
      ['GET', '/v1/runs', 'POST'],
      ['PUT', '/v1/runs', 'POST'],
      ['GET', `/v1/runs/${id}/end`, 'POST'],
      ['DELETE', `/v1/runs/${id}`, 'GET'],
    ] as const) {
      const response = await fetch(`${collector.url}${path}`, { method, headers });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe(allowed);
      expect(await response.json()).toMatchObject({ code: 'method_not_allowed' });
    }
  });

  it('a run that is not there: 404 that names it', async () => {
    const id = newRunId();
    expect(expectProblem(await call('scheduler', `/v1/runs/${id}`), 404, 'run_unknown')).toContain(id);
    const ended = await call('scheduler', `/v1/runs/${id}/end`, { outcome: 'success' });
    expect(expectProblem(ended, 404, 'run_unknown')).toContain(id);
    expectProblem(await call('scheduler', `/v1/runs/${id}/token`, {}), 404, 'run_unknown');
    expectProblem(await call('scheduler', '/v1/runs/not-an-id'), 404, 'run_unknown');
  });

  it('a run of another tenant is as unknown as one that never was', async () => {
    const id = await start();
    expectProblem(await call('elsewhere', `/v1/runs/${id}`), 404, 'run_unknown');
    expectProblem(await call('elsewhere', `/v1/runs/${id}/end`, { outcome: 'success' }), 404, 'run_unknown');
    expectProblem(await call('elsewhere', `/v1/runs/${id}/token`, {}), 404, 'run_unknown');
  });

  it('a parent reference that is forged, unproven, or of another tenant', async () => {
    const { json } = await call('scheduler', '/v1/runs', { job: 'nightly-reconcile' });
    const parent: string = json.reference;
    const child = (reference: string, who = 'scheduler') =>
      call(who, '/v1/runs', { job: 'nightly-child', parent: reference });
    const forged = parent.slice(0, -1) + (parent.endsWith('A') ? 'Q' : 'A');
    expectProblem(await child(forged), 403, 'parent_refuted');
    expectProblem(await child(parent.slice(0, 22)), 403, 'parent_unproven');
    expectProblem(await child(parent, 'elsewhere'), 404, 'parent_unknown');
    expect((await child(parent)).json.run).toMatchObject({ parentId: json.run.id, rootId: json.run.id });
  });
});

describe('a handoff', () => {
  it('is recorded as one, below the run that hands over, under what allowed it', async () => {
    const { json } = await call('scheduler', '/v1/runs', { job: 'nightly-reconcile' });
    const handed = await call('approver', '/v1/runs', {
      job: 'approve',
      trigger: 'handoff',
      principal: APPROVER.id,
      parent: json.reference,
    });
    expect(handed.json.run).toMatchObject({ trigger: 'handoff', principal: APPROVER, parentId: json.run.id });
    await drained(collector.url);
    const rows = await store.rows(
      database,
      `SELECT Trigger, ParentRunId, PrincipalId, Authority FROM runs WHERE RunId = '${handed.json.run.id}'`,
    );
    expect(rows).toEqual([
      {
        Trigger: 'handoff',
        ParentRunId: json.run.id,
        PrincipalId: APPROVER.id,
        Authority: 'policy:nightly',
      },
    ]);
  });

  it('to a principal that the credential does not grant, or to the same one: refused', async () => {
    const { json } = await call('scheduler', '/v1/runs', { job: 'nightly-reconcile' });
    const handOff = (who: string, principal: string) =>
      call(who, '/v1/runs', { job: 'nightly-x', trigger: 'handoff', principal, parent: json.reference });
    expectProblem(await handOff('scheduler', APPROVER.id), 403, 'principal_not_allowed');
    expect(expectProblem(await handOff('scheduler', PRINCIPAL.id), 400, 'handoff_to_itself')).toContain(
      json.run.id,
    );
  });
});

describe('the end of a run', () => {
  const end = (who: string, id: string, outcome: string) => call(who, `/v1/runs/${id}/end`, { outcome });

  it('by another actor: 403 that says whose it is', async () => {
    const id = await start();
    const detail = expectProblem(await end('other', id, 'success'), 403, 'run_not_yours');
    expect(detail).toContain('k8s://prod/payments/scheduler');
    expect(await end('scheduler', id, 'success')).toMatchObject({ status: 200 });
  });

  it('twice: the same outcome is fine and changes nothing, another one is 409', async () => {
    const id = await start();
    const first = await end('scheduler', id, 'failure');
    expect(first).toMatchObject({ status: 200, json: { run: { outcome: 'failure' } } });
    expect((await end('scheduler', id, 'failure')).json).toEqual(first.json);
    expect(expectProblem(await end('scheduler', id, 'success'), 409, 'run_already_ended')).toContain(
      'failure',
    );
    expect((await call('scheduler', `/v1/runs/${id}`)).json).toEqual(first.json);
  });

  it('ended many times at once with two outcomes: one outcome holds', async () => {
    const id = await start();
    const outcomes = ['success', 'failure'];
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => end('scheduler', id, outcomes[i % 2]!)),
    );
    const { json } = await call('scheduler', `/v1/runs/${id}`);
    expect(answers.map(({ status }) => status)).toEqual(
      answers.map((_, i) => (outcomes[i % 2] === json.run.outcome ? 200 : 409)),
    );
    await drained(collector.url);
    const records = await store.rows(
      database,
      `SELECT 1 FROM runs WHERE RunId = '${id}' AND Record = 'ended'`,
    );
    expect(records).toHaveLength(1);
  });

  it('with an outcome that does not exist, or no JSON: 400', async () => {
    const id = await start();
    expectProblem(await end('scheduler', id, 'fine'), 400, 'invalid_request');
    expectProblem(await call('scheduler', `/v1/runs/${id}/end`, '{'), 400, 'invalid_request');
  });
});

describe('kill -9 of the collector', () => {
  const restartable = async (storeUrl: string) => {
    const options = {
      dataDirectory: temporaryDirectory(),
      database: store.newDatabase(),
      credentialsPath: credentials.path,
      storeUrl,
    };
    return { options, first: await startCollector(options) };
  };
  const ofKey = (url: string, path: string, body?: unknown) =>
    askIssuer(url, credentials.keys['scheduler'], path, body);

  it('right after a 201: the run is known at once to the next process, and ends up in the store once', async () => {
    const { options, first } = await restartable(store.url);
    const started = await ofKey(first.url, '/v1/runs', { job: 'nightly-reconcile' });
    expect(started.status).toBe(201);
    await first.kill();
    const next = await startCollector(options);
    const { run } = started.json;
    expect(await ofKey(next.url, `/v1/runs/${run.id}`)).toMatchObject({ status: 200, json: { run } });
    const ended = await ofKey(next.url, `/v1/runs/${run.id}/end`, { outcome: 'success' });
    expect(ended.status).toBe(200);
    await next.kill();
    const last = await startCollector(options);
    expect((await ofKey(last.url, `/v1/runs/${run.id}`)).json).toEqual(ended.json);
    await drained(last.url);
    const records = await store.rows(
      options.database,
      `SELECT Record FROM runs WHERE RunId = '${run.id}' ORDER BY Record`,
    );
    expect(records).toEqual([{ Record: 'started' }, { Record: 'ended' }]);
  });

  it('a claim about a run that comes after it is not taken for the issuer’s record', async () => {
    const { options, first } = await restartable(NO_STORE);
    const started = await ofKey(first.url, '/v1/runs', { job: 'nightly-reconcile' });
    const { run, reference } = started.json;
    await first.kill();
    const next = await startCollector(options);
    const claim = {
      'whence.run.id': run.id,
      'whence.run.job': 'anything',
      'whence.principal.id': 'user:root@example.com',
      'whence.principal.kind': 'human',
      'whence.authority.id': 'user:boss@example.com',
    };
    const span = newSpan({
      traceState: `whence=${reference.slice(0, 22)}`,
      attributes: Object.entries(claim).map(([key, stringValue]) => ({ key, value: { stringValue } })),
    });
    // The collector looks up a limited number of runs at once: with these it has not looked up ours before the claim.
    const others = Array.from({ length: 100 }, () =>
      newSpan({ traceState: `whence=${formatReference({ runId: newRunId() })}` }),
    );
    const ledger = new Ledger();
    expect(await ledger.send(next.url, [...others, span], bearer(credentials.keys['powerless']!))).toBe(200);
    const child = await askIssuer(next.url, credentials.keys['other'], '/v1/runs', {
      job: 'nightly-child',
      parent: reference,
    });
    expect(child.json.run).toMatchObject({ parentId: run.id, authority: { id: 'policy:nightly' } });
    expect((await ofKey(next.url, `/v1/runs/${run.id}`)).json).toEqual({ run });
  });

  it('while the store is away: the run is still known, can end, and its reference still counts', async () => {
    const { options, first } = await restartable(NO_STORE);
    const started = await ofKey(first.url, '/v1/runs', { job: 'nightly-reconcile' });
    const { run, reference } = started.json;
    await first.kill();
    const next = await startCollector(options);
    expect(await ofKey(next.url, `/v1/runs/${run.id}`)).toMatchObject({ status: 200, json: { run } });
    const child = await ofKey(next.url, '/v1/runs', { job: 'nightly-child', parent: reference });
    expect(child).toMatchObject({ status: 201, json: { run: { parentId: run.id } } });
    expect(await ofKey(next.url, `/v1/runs/${run.id}/end`, { outcome: 'success' })).toMatchObject({
      status: 200,
    });
    await next.kill();
    const last = await startCollector({ ...options, storeUrl: store.url });
    await drained(last.url);
    await eventually(
      async () => (await store.rows(options.database, 'SELECT RunId, Record FROM runs')).length === 3,
    );
  });
});
