import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AskedService, startAskedService } from './asked-service.fixture.ts';
import { exampleTrace } from './example-graph.fixture.ts';
import { insertGraph } from './lineage/graph.fixture.ts';
import { openOwnersFile } from './owners/owners-file.ts';
import { type QueryService, startQuery } from './query-service.ts';

const NIGHTLY = 'k8s://demo/jobs/nightly';
const AT_NIGHTLY = `/v1/principals/${encodeURIComponent(NIGHTLY)}`;
const INVOICES = 'postgresql://db:5432/bank/invoices';

let asked: AskedService;
let owned: QueryService;
let folder: string;
let ownersPath: string;
let owners: ReturnType<typeof openOwnersFile>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'whence-owners-'));
  ownersPath = join(folder, 'owners.yaml');
  writeFileSync(
    ownersPath,
    `
teams: [{ name: jobs, owner: 'user:ada@example.com' }]
principals: [{ match: 'k8s://demo/jobs/*', team: jobs }]
`,
  );
  owners = openOwnersFile(ownersPath, pino({ level: 'silent' }));
  asked = await startAskedService();
  owned = await startQuery({ ...asked.options, owners });
  await insertGraph(asked.temporary.store, exampleTrace);
});

afterAll(async () => {
  owners?.close();
  await owned?.close();
  await asked?.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Of the service with the owners file. */
const ask = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(owned.url + path, init);
  // biome-ignore lint/suspicious/noExplicitAny: looked into by the tests
  return { status: response.status, body: (await response.json()) as any };
};

const put = (path: string, body: unknown) => ask(path, { method: 'PUT', body: JSON.stringify(body) });

describe('/v1/principals', () => {
  test('who there is, as JSON and as CSV', async () => {
    const { body } = await ask('/v1/principals');
    expect(body.principals).toMatchObject([
      {
        id: NIGHTLY,
        kind: 'scheduler',
        owner: 'user:ada@example.com',
        team: 'jobs',
        ownership: [{ source: 'file', pattern: 'k8s://demo/jobs/*' }],
        actions: 6,
        errors: 1,
        runs: 2,
        dormant: true,
        jobs: { total: 2 },
        services: { total: 3 },
        targets: 3,
        assurances: { verified: 6 },
      },
    ]);
    const csv = await asked.get('/v1/principals', { accept: 'text/csv' });
    const [head, line, ...rest] = csv.text.trim().split('\r\n');
    expect(head).toMatch(/^id,kind,owner,team,firstSeen,lastSeen,dormant,actions,errors,runs,jobs\.items/);
    expect(line).toMatch(/^k8s:\/\/demo\/jobs\/nightly,scheduler,,,2026-03-01T03:14:07/);
    expect(rest).toEqual([]);
  });

  test.each([
    ['dormant=1', 1],
    ['dormant=36500', 0],
    ['unseenSince=2026-03-01T00:00:00Z', 0],
    ['firstSeenFrom=2026-03-02T00:00:00Z', 0],
    ['firstSeenTo=2026-03-02T00:00:00Z', 1],
    ['kind=human', 0],
    ['text=JOBS', 1],
    ['owner=user:ada@example.com', 1],
    ['owner=user:dana@example.com', 0],
    ['team=jobs', 1],
    ['ownerless=true', 0],
    ['ownerless=false', 1],
  ])('narrowed by %s', async (narrowed, found) => {
    expect((await ask(`/v1/principals?${narrowed}`)).body.principals).toHaveLength(found);
  });

  test('one in full', async () => {
    const { status, body } = await ask(
      `${AT_NIGHTLY}?every=hour&from=2026-03-01T03:14:08Z&to=2026-03-01T03:14:09Z&limit=1`,
    );
    expect(status).toBe(200);
    expect(body.principal.id).toBe(NIGHTLY);
    expect(body.actors).toMatchObject({ total: 2, items: [{ actions: 5 }] });
    expect(body.authorities.items).toMatchObject([{ authority: { id: 'policy:nightly-jobs@3' }, runs: 2 }]);
    expect(body.jobs).toMatchObject({ total: 2, items: [{ lastOutcome: 'success' }] });
    expect(body.operations).toMatchObject({ total: 3, items: [{ actions: 1 }] });
    expect(body.activity).toEqual({
      from: '2026-03-01T03:00:00Z',
      to: '2026-03-01T04:00:00Z',
      every: 'hour',
      steps: [{ at: '2026-03-01T03:00:00Z', actions: 6, errors: 1, runs: 2 }],
    });
    const { body: footprint } = await ask(`${AT_NIGHTLY}/footprint?limit=2`);
    expect(footprint.footprint).toHaveLength(2);
    const rest = await ask(`${AT_NIGHTLY}/footprint?limit=2&cursor=${footprint.next}`);
    expect(rest.body.footprint).toHaveLength(1);
  });

  test('one that is not there', async () => {
    for (const path of ['', '/footprint', '/reach']) {
      const { status, body } = await ask(`/v1/principals/user%3Anobody${path}`);
      expect([path, status, body.code, body.field]).toEqual([path, 404, 'unknown_principal', 'id']);
    }
  });
});

describe('reach', () => {
  test('of a run and of a principal: the same here, and complete', async () => {
    const { body: ofRun } = await ask('/v1/runs/01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10/reach');
    expect(ofRun.totals).toMatchObject({
      ...{
        actions: 6,
        errors: 1,
        runs: 2,
        principals: 1,
        services: 3,
        systems: 2,
        operations: 3,
        targets: 3,
      },
      assurances: { verified: 6 },
    });
    expect(
      ofRun.branches.items.map(({ run, actions }: { run: { job: string }; actions: number }) => [
        run.job,
        actions,
      ]),
    ).toEqual([
      ['nightly-reconcile', 4],
      ['report', 2],
    ]);
    const { body: ofPrincipal } = await ask(`${AT_NIGHTLY}/reach`);
    expect(ofPrincipal.totals).toEqual(ofRun.totals);
    expect(ofPrincipal.ownRuns).toEqual({
      total: 2,
      considered: 2,
      omitted: 0,
      earliest: '2026-03-01T03:14:07.000Z',
    });
    expect(ofPrincipal.branches).toMatchObject({ total: 1, items: [{ actions: 6 }] });
  });

  test('what is left out is counted', async () => {
    const { body } = await ask(`${AT_NIGHTLY}/reach?runs=1&limit=1`);
    expect(body.ownRuns).toMatchObject({ total: 2, considered: 1, omitted: 1 });
    const { body: later } = await ask(`${AT_NIGHTLY}/reach?from=2026-03-01T03:14:07.0000001Z`);
    expect([later.from, later.ownRuns.total, later.totals.actions]).toEqual([
      '2026-03-01T03:14:07.001Z',
      0,
      0,
    ]);
  });
});

describe('targets', () => {
  test('what was touched, and by whom', async () => {
    const { body } = await ask('/v1/targets?prefix=postgresql://db:5432/bank/&sort=target');
    expect(body.targets.map(({ target }: { target: string }) => target)).toEqual([
      INVOICES,
      'postgresql://db:5432/bank/reports',
    ]);
    const at = `/v1/targets/${encodeURIComponent(INVOICES)}/history`;
    const { body: history } = await ask(at);
    expect(history.actions).toMatchObject([
      {
        statement: 'UPDATE invoices SET paid = $1',
        principal: { id: NIGHTLY },
        authority: { id: 'policy:nightly-jobs@3' },
        actor: 'spiffe://demo/billing',
      },
    ]);
    expect((await ask(`${at}?errors=only`)).body.actions).toEqual([]);
    expect((await ask(`${at}?operation=UPDATE&principal=${NIGHTLY}`)).body.actions).toHaveLength(1);
  });
});

describe('/v1/coverage', () => {
  test('totals, shares and groups, over whole hours', async () => {
    const { body } = await ask(
      '/v1/coverage?by=system,service&every=day&from=2026-03-01T03:14:08Z&to=2026-03-01T03:20:00Z&limit=1',
    );
    expect(body).toMatchObject({
      from: '2026-03-01T03:00:00Z',
      to: '2026-03-01T04:00:00Z',
      totals: { actions: 6, shares: { verified: 1, none: 0 }, witnesses: { sdk: 6 }, gatewayShare: 0 },
      steps: [{ at: '2026-03-01T00:00:00Z', actions: 6 }],
      omitted: { groups: 5, actions: 5 },
    });
    expect(body.groups).toHaveLength(1);
    const { body: empty } = await ask('/v1/coverage');
    expect(empty.totals).toEqual({
      actions: 0,
      assurances: { none: 0, asserted: 0, inherited: 0, verified: 0, refuted: 0 },
      witnesses: { sdk: 0, gateway: 0, import: 0 },
    });
  });
});

describe('owners', () => {
  test('what is declared counts before the file, both are shown, and what is taken back gives way', async () => {
    const path = `${AT_NIGHTLY}/owner`;
    const declared = await put(path, { owner: 'user:dana@example.com' });
    expect(declared).toEqual({
      status: 200,
      body: {
        owner: 'user:dana@example.com',
        ownership: [
          {
            source: 'api',
            owner: 'user:dana@example.com',
            by: 'urn:whence:anonymous',
            at: expect.any(String),
          },
          { source: 'file', owner: 'user:ada@example.com', team: 'jobs', pattern: 'k8s://demo/jobs/*' },
        ],
      },
    });
    expect((await ask(AT_NIGHTLY)).body.principal).toMatchObject(declared.body);
    expect((await ask('/v1/principals?owner=user:dana@example.com')).body.principals).toHaveLength(1);
    expect((await ask('/v1/principals?team=jobs')).body.principals).toHaveLength(0);
    expect((await put(path, { team: 'jobs' })).body).toMatchObject({
      owner: 'user:ada@example.com',
      team: 'jobs',
    });
    expect((await ask('/v1/principals?owner=user:ada@example.com')).body.principals).toHaveLength(1);

    for (let time = 0; time < 2; time++) {
      const { status, body } = await ask(path, { method: 'DELETE' });
      expect([status, body.ownership]).toEqual([200, [expect.objectContaining({ source: 'file' })]]);
    }
    expect((await asked.get('/v1/principals?ownerless=true')).text).toContain(NIGHTLY);
    const ahead = await put('/v1/principals/user%3Anew%40example.com/owner', { team: 'people' });
    expect(ahead.body).toMatchObject({ team: 'people' });
    expect((await ask('/v1/principals?team=people')).body.principals).toEqual([]);
  });

  test('a file that is changed is taken up; one with a fault changes nothing', async () => {
    const ownerNow = async () => (await ask(AT_NIGHTLY)).body.principal.owner;
    writeFileSync(ownersPath, 'principals: [{ match: k8s://*, owner: user:eve@example.com }]');
    owners.check();
    expect(await ownerNow()).toBe('user:eve@example.com');
    writeFileSync(ownersPath, 'principals: [{ match: 1 }]');
    owners.check();
    expect(await ownerNow()).toBe('user:eve@example.com');
    rmSync(ownersPath);
    owners.check();
    expect(await ownerNow()).toBe('user:eve@example.com');
    expect(() => openOwnersFile(ownersPath, pino({ level: 'silent' }))).toThrowError(
      expect.objectContaining({ code: 'owners_invalid' }),
    );
  });
});

describe('what cannot be read is refused, and the field named', () => {
  test.each([
    ['/v1/principals?kind=robot', 'kind'],
    ['/v1/principals?dormant=-1', 'dormant'],
    ['/v1/principals?dormant=1&unseenSince=2026-03-01T00:00:00Z', 'unseenSince'],
    ['/v1/principals?firstSeenFrom=2026-03-02T00:00:00Z&firstSeenTo=2026-03-01T00:00:00Z', 'firstSeenTo'],
    ['/v1/principals?sort=size', 'sort'],
    ['/v1/principals?limit=0', 'limit'],
    ['/v1/principals?limit=1000000000', 'limit'],
    ['/v1/principals?cursor=x', 'cursor'],
    ['/v1/principals?ownerless=perhaps', 'ownerless'],
    ['/v1/principals?owner=a&owner=b', 'owner'],
    [`${AT_NIGHTLY}?every=hour&from=1900-01-01T00:00:00Z&to=2200-01-01T00:00:00Z`, 'every'],
    [`${AT_NIGHTLY}?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z`, 'to'],
    [`${AT_NIGHTLY}/reach?runs=1000000`, 'runs'],
    [`${AT_NIGHTLY}/reach?depth=3`, 'depth'],
    ['/v1/runs/x/reach', 'id'],
    ['/v1/targets?prefix=', 'prefix'],
    [`/v1/targets/${'a'.repeat(9000)}/history`, 'uri'],
    ['/v1/targets/a/history?errors=all', 'errors'],
    ['/v1/coverage?by=principal,principal', 'by'],
    ['/v1/coverage?by=tenant', 'by'],
    ['/v1/coverage?every=hour&by=service&limit=1000&from=2020-01-01T00:00:00Z', 'every'],
    ['/v1/principals/%00', 'id'],
  ])('%s', async (path, field) => {
    const { status, body } = await ask(path);
    expect([status, body.code, body.field]).toEqual([400, 'bad_parameter', field]);
  });

  test.each([
    [{}, 'body'],
    [{ owner: 'dana' }, 'owner'],
    [{ owner: "user:x' OR 1=1" }, 'owner'],
    [{ team: '' }, 'team'],
    [{ owner: 'user:dana', more: 1 }, 'body'],
    [[], 'body'],
  ])('as an owner: %j', async (body, field) => {
    const answer = await put(`${AT_NIGHTLY}/owner`, body);
    expect([answer.status, answer.body.field]).toEqual([400, field]);
  });

  test('a cursor of another question, and a time range of a thousand years', async () => {
    const { body } = await ask('/v1/targets?limit=1');
    expect((await ask(`/v1/targets?limit=1&cursor=${body.next}`)).status).toBe(200);
    expect((await ask(`/v1/targets?limit=1&sort=actions&cursor=${body.next}`)).body.field).toBe('cursor');
    expect((await ask(`/v1/principals?cursor=${body.next}`)).body.field).toBe('cursor');
    const ever = await ask('/v1/coverage?from=1900-01-01T00:00:00Z&to=2262-01-01T00:00:00Z&by=principal');
    expect([ever.status, ever.body.from, ever.body.totals.actions]).toEqual([200, '1970-01-01T00:00:00Z', 6]);
    expect((await ask('/v1/coverage?from=1026-01-01T00:00:00Z')).body.field).toBe('from');
  });

  test('only an admin says who answers', async () => {
    const { body } = await ask('/openapi.json');
    for (const method of ['put', 'delete']) {
      expect(body.paths['/v1/principals/{id}/owner'][method].security).toEqual([{ bearer: ['admin'] }]);
    }
  });
});
