import { findingStoreOf } from '@whence/store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AskedService, startAskedService } from '../../asked-service.fixture.ts';
import { exampleFinding } from '../../findings/example-finding.fixture.ts';
import { RULES } from '../../findings/rules.ts';

let asked: AskedService;

beforeAll(async () => {
  asked = await startAskedService();
  const { findings } = findingStoreOf(asked.temporary.store, 'default');
  const named = (digit: number, more: object) => ({
    ...exampleFinding,
    id: exampleFinding.id.replace(/.$/, String(digit)),
    ...more,
  });
  await findings.tell([named(1, { severity: 'low', target: 'postgresql://db/bank', rule: 'scope_drift' })]);
  await findings.tell([
    named(2, { severity: 'high' }),
    named(2, { severity: 'high', part: exampleFinding.part + 3_600_000, count: 5 }),
  ]);
  await findings.tell([named(3, { count: 0, sentence: '=cmd("calc")' })]);
  await findingStoreOf(asked.temporary.store, 'other').findings.tell([named(9, {})]);
});

afterAll(() => asked?.remove());

const ID = exampleFinding.id.replace(/.$/, '2');

interface Body {
  readonly code?: string;
  readonly field?: string;
  readonly next?: string;
  readonly state?: string;
  readonly findings: readonly { readonly id: string; readonly state: string; readonly count: number }[];
}

const send = async (method: string, path: string, body?: unknown) => {
  const response = await fetch(asked.service.url + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return {
    status: response.status,
    body: (await response.json()) as Body & Readonly<Record<string, unknown>>,
  };
};

const ids = async (query: string): Promise<string> => {
  const { body } = await asked.get<Body>(`/v1/findings${query}`);
  return body.findings.map(({ id }) => id.at(-1)).join('');
};

test('newest first, by each filter, page by page, as CSV; no other tenant’s', async () => {
  expect(await ids('')).toBe('321');
  expect(await ids('?severity=high')).toBe('2');
  expect(await ids('?state=resolved')).toBe('3');
  expect(await ids('?rule=scope_drift')).toBe('1');
  expect(await ids('?target=postgresql://')).toBe('1');
  expect(await ids('?principal=k8s://demo/jobs/nightly')).toBe('321');
  expect(await ids('?principal=k8s://demo/jobs/n%25')).toBe('');
  expect(await ids('?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z')).toBe('');
  const first = await asked.get<Body>('/v1/findings?limit=2');
  expect(await ids(`?limit=2&cursor=${first.body.next}`)).toBe('1');
  expect(first.body.findings[1]).toMatchObject({ count: 7 });
  const csv = await asked.get('/v1/findings', { accept: 'text/csv' });
  expect(csv.text).toContain("'=cmd(");
});

test('somebody has it', async () => {
  const said = await send('POST', `/v1/findings/${ID}/acknowledge`, { reason: ' on it ' });
  expect(said).toMatchObject({
    status: 200,
    body: { state: 'acknowledged', acknowledged: { by: 'urn:whence:anonymous', reason: 'on it' } },
  });
  expect(await ids('?state=acknowledged')).toBe('2');
});

test('muted as long as the mute holds, and by its patterns alone', async () => {
  const made = await send('POST', '/v1/findings/mutes', {
    rule: 'scope_*',
    principal: 'k8s://demo/*',
    target: 'postgresql://*',
    reason: 'a migration',
  });
  expect(made.status).toBe(201);
  expect(await ids('?state=muted')).toBe('1');
  expect((await asked.get('/v1/findings/mutes')).body).toMatchObject({ mutes: [{ id: made.body['id'] }] });
  expect((await send('DELETE', `/v1/findings/mutes/${made.body['id']}`)).status).toBe(200);
  expect(await ids('?state=muted')).toBe('');
  expect(await send('DELETE', `/v1/findings/mutes/${made.body['id']}`)).toMatchObject({
    status: 404,
    body: { code: 'unknown_mute' },
  });
  const soon = await send('POST', '/v1/findings/mutes', {
    reason: 'for a moment',
    until: new Date(Date.now() + 700).toISOString(),
  });
  expect(soon.status).toBe(201);
  await new Promise((resolve) => setTimeout(resolve, 800));
  expect((await asked.get('/v1/findings/mutes')).body).toEqual({ mutes: [] });
});

test('rules are set, shown, and set back', async () => {
  const set = await send('PUT', '/v1/findings/rules/rate_spike', {
    settings: { times: 10, enabled: false, severity: 'high' },
    reason: 'a noisy month',
  });
  expect(set).toMatchObject({
    status: 200,
    body: {
      enabled: false,
      severity: 'high',
      settings: { times: 10, deviations: 6 },
      set: { reason: 'a noisy month' },
    },
  });
  await send('PUT', '/v1/findings/rules/rate_spike', { settings: {}, reason: 'over' });
  const { body } = await asked.get<{ rules: readonly Readonly<Record<string, unknown>>[] }>(
    '/v1/findings/rules',
  );
  expect(body.rules.map(({ code }) => code)).toEqual(RULES.map(({ code }) => code));
  expect(body.rules.find(({ code }) => code === 'rate_spike')).toMatchObject({
    enabled: true,
    settings: { times: 4 },
  });
  expect(body.rules.find(({ code }) => code === 'scope_drift')).toMatchObject({ findings: { open: 1 } });
});

describe('bad input', () => {
  const INJECTION = "'; DROP TABLE findings; --";

  test.each([
    ['GET', '/v1/findings?rule=no_rule', undefined, 'rule'],
    ['GET', '/v1/findings?state=closed', undefined, 'state'],
    ['GET', '/v1/findings?severity=grave', undefined, 'severity'],
    ['GET', '/v1/findings?limit=0', undefined, 'limit'],
    ['GET', '/v1/findings?limit=1000000000', undefined, 'limit'],
    ['GET', '/v1/findings?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', undefined, 'to'],
    ['GET', '/v1/findings?cursor=AAAAAAAAAAAAAAAA', undefined, 'cursor'],
    ['GET', `/v1/findings/${encodeURIComponent(INJECTION)}`, undefined, 'id'],
    ['GET', '/v1/findings/deliveries?finding=1', undefined, 'finding'],
    ['POST', `/v1/findings/${ID}/acknowledge`, { reason: ' ' }, 'reason'],
    ['POST', '/v1/findings/mutes', { rule: 'no_rule', reason: 'x' }, 'rule'],
    ['POST', '/v1/findings/mutes', { reason: 'x', until: '2026-01-01T00:00:00Z' }, 'until'],
    ['POST', '/v1/findings/mutes', { reason: 'x', principal: 'a'.repeat(501) }, 'principal'],
    ['POST', '/v1/findings/mutes', { reason: 'x', by: 'user:root@dev' }, 'body'],
    ['PUT', '/v1/findings/rules/rate_spike', { settings: { times: 0 }, reason: 'x' }, 'times'],
    ['PUT', '/v1/findings/rules/rate_spike', { settings: { speed: 1 }, reason: 'x' }, 'body'],
    ['PUT', '/v1/findings/rules/rate_spike', { settings: { __proto__: 1 } }, 'reason'],
  ])('%s %s is refused', async (method, path, body, field) => {
    expect(await send(method, path, body)).toMatchObject({
      status: 400,
      body: { code: 'bad_parameter', field },
    });
  });

  test('what is not there is said so', async () => {
    expect(await send('GET', `/v1/findings/${ID.replaceAll('5', '6')}`)).toMatchObject({
      status: 404,
      body: { code: 'unknown_finding' },
    });
    expect(await send('PUT', '/v1/findings/rules/toString', { settings: {}, reason: 'x' })).toMatchObject({
      status: 404,
      body: { code: 'unknown_rule' },
    });
    // One of another tenant is not there either.
    expect((await send('GET', `/v1/findings/${exampleFinding.id.replace(/.$/, '9')}`)).status).toBe(404);
  });

  test('injections find nothing and harm nothing', async () => {
    const texts = [INJECTION, "\\'", '%', '{tenant:String}', '*'.repeat(200), "') OR 1=1 --"];
    for (const text of texts) {
      const made = await send('POST', '/v1/findings/mutes', {
        principal: `x${text}`,
        target: text,
        reason: text,
      });
      expect(made).toMatchObject({
        status: 201,
        body: { principal: `x${text}`, target: text, reason: text },
      });
      expect(await ids(`?target=${encodeURIComponent(text)}`)).toBe('');
      const set = await send('PUT', '/v1/findings/rules/unattributed_on_guarded_target', {
        settings: { targets: [text] },
        reason: text,
      });
      expect(set).toMatchObject({ status: 200, body: { settings: { targets: [text] } } });
    }
    expect(await ids('?state=muted')).toBe('');
    expect(await ids('')).toBe('321');
  });
});
