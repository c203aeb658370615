import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Route } from '../api/endpoint.ts';
import { type AskedService, type Got, startAskedService } from '../asked-service.fixture.ts';
import { exampleGraph } from '../example-graph.fixture.ts';
import { type Graph, insertGraph } from '../lineage/graph.fixture.ts';
import { routesOf } from '../routes.ts';
import { bearer, type WrittenCredentials, writeCredentials } from './credentials-file.fixture.ts';

/** The same graph, the same ids, under another tenant; every name that a row tells of is marked. */
const ofTenant = (tenant: string): Graph => {
  const marked = (text: string): string => `${text}-of-${tenant}`;
  const runs = exampleGraph.runs.map((run) => ({
    ...run,
    tenant,
    job: marked(run.job),
    principal: { ...run.principal, id: marked(run.principal.id) },
    authority: { kind: 'policy' as const, id: marked('policy:nightly') },
    actor: marked('k8s://demo/scheduler'),
  }));
  const TEXTS = ['ServiceName', 'SpanName', 'Target', 'PrincipalId', 'Actor', 'StatusMessage', 'Operation'];
  const spans = exampleGraph.spans.map((span) => ({
    ...span,
    row: {
      ...span.row,
      ...Object.fromEntries(TEXTS.map((name) => [name, marked(String(span.row[name] ?? name))])),
      Authority: marked('policy:nightly'),
      TenantId: tenant,
      SpanAttributes: Object.fromEntries(
        Object.entries((span.row['SpanAttributes'] ?? {}) as Record<string, string>).map(([key, value]) => [
          key,
          key === 'whence.run.id' ? value : marked(value),
        ]),
      ),
    },
  }));
  return { spans, runs };
};

let asked: AskedService;
let written: WrittenCredentials;

beforeAll(async () => {
  written = writeCredentials({
    acme: { role: 'admin', tenant: 'acme' },
    bolt: { role: 'admin', tenant: 'bolt' },
    void: { role: 'admin', tenant: 'void' },
  });
  asked = await startAskedService(() => ({ credentials: written.file }));
  await insertGraph(asked.temporary.store, ofTenant('acme'));
  await insertGraph(asked.temporary.store, ofTenant('bolt'));
});

afterAll(async () => {
  await asked?.remove();
  written?.remove();
});

const as = <Body = unknown>(who: string, path: string, headers = {}): Promise<Got<Body>> =>
  asked.get<Body>(path, { ...bearer(written.keys[who]), ...headers });

/** Whatever a caller may write to be taken for somebody of another tenant. */
const ELSEWHERE = {
  'x-scope-orgid': 'acme',
  'x-tenant': 'acme',
  'x-tenant-id': 'acme',
  'whence-tenant': 'acme',
  'x-forwarded-user': 'acme',
  'x-whence-tenant': 'acme',
  tracestate: 'whence=AZOk1d9FcBqXh0m2n3o4pQ',
  baggage: 'tenant=acme',
  cookie: 'tenant=acme',
};

const VALUES = ['acme', '*', '%', "' OR TenantId = 'acme", '-of-acme', 'k8s://demo/jobs/nightly-of-acme'];

const routes: readonly Route[] = routesOf(undefined as never);
const asking = routes.filter(({ method, role }) => method === 'get' && role !== 'anyone');
const examples = asking.flatMap(({ examples, answers }) =>
  examples.map(({ request }) => [request, Object.keys(answers)] as const),
);

/**
 * Each parameter of the route with values of another tenant's, beside those of its examples or instead: all values
 * beside the first one, one of them, by turns, beside each other one.
 */
const variations = (route: Route): readonly string[] =>
  route.examples.flatMap(({ request }, of) => {
    const [path = '', query] = request.split('?', 2);
    return [...Object.keys(route.parameters.shape), 'tenant', 'TenantId'].flatMap((name, at) =>
      (of === 0 ? VALUES : [VALUES[(of + at) % VALUES.length]!]).map((value) => {
        const parameters = new URLSearchParams(query);
        parameters.set(name, value);
        return `${path}?${parameters}`;
      }),
    );
  });

describe('an answer has nothing of another tenant', () => {
  test('there is something to be kept apart', async () => {
    const { text } = await as('acme', '/v1/actions');
    expect(text).toContain('-of-acme');
    expect(examples.length).toBeGreaterThan(5);
  });

  test.each(examples)('%s', async (request, forms) => {
    for (const accept of forms) {
      const own = await as('bolt', request, { accept });
      expect([own.status, own.text]).not.toEqual([500, expect.anything()]);
      expect(own.text).not.toContain('-of-acme');
      const claimed = await as('bolt', request, { accept, ...ELSEWHERE });
      expect(claimed.text).not.toContain('-of-acme');
    }
    const none = await as('void', request, ELSEWHERE);
    expect(none.text).not.toMatch(/-of-(acme|bolt)/);
  });

  test.each(asking.map((route) => [route.path, route] as const))(
    '%s, whatever its parameters say',
    async (_, route) => {
      for (const request of variations(route)) {
        const { status, text } = await as('bolt', request);
        expect([request, status]).not.toEqual([request, 500]);
        // What was asked for is said again where it is refused.
        const said = VALUES.reduce((rest, value) => rest.replaceAll(value, ''), text);
        expect([request, said]).toEqual([request, expect.not.stringContaining('-of-acme')]);
      }
    },
  );

  test('what is sent with a body changes and tells nothing of another tenant', async () => {
    for (const route of routes.filter(({ method, role }) => method !== 'get' && role !== 'anyone')) {
      for (const { request, body } of route.examples) {
        const response = await fetch(asked.service.url + request, {
          method: route.method.toUpperCase(),
          headers: { ...bearer(written.keys['bolt']), 'content-type': 'application/json', ...ELSEWHERE },
          body: JSON.stringify(body ?? {}),
        });
        expect([request, await response.text()]).toEqual([request, expect.not.stringContaining('-of-acme')]);
      }
    }
  });

  test.each(asking.filter(({ parameters }) => 'cursor' in parameters.shape).map(({ path }) => path))(
    '%s: a cursor of another tenant is refused',
    async (path) => {
      const { body } = await as<{ next?: string }>('acme', `${path}?limit=1`);
      if (body.next === undefined) return;
      const stolen = `${path}?limit=1&cursor=${body.next}`;
      expect((await as('acme', stolen)).status).toBe(200);
      expect(await as('bolt', stolen)).toMatchObject({
        status: 400,
        body: { code: 'bad_parameter', field: 'cursor' },
      });
    },
  );
});
