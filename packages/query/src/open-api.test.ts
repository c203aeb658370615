import { findingStoreOf } from '@whence/store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AskedService, startAskedService } from './asked-service.fixture.ts';
import { insertExampleCredentials } from './example-credentials.fixture.ts';
import { exampleGraph } from './example-graph.fixture.ts';
import { exampleFinding } from './findings/example-finding.fixture.ts';
import { insertGraph } from './lineage/graph.fixture.ts';
import { routesOf } from './routes.ts';

let asked: AskedService;

beforeAll(async () => {
  asked = await startAskedService();
  await insertGraph(asked.temporary.store, exampleGraph);
  await findingStoreOf(asked.temporary.store, 'default').findings.tell([exampleFinding]);
  await insertExampleCredentials(asked.temporary.store);
});

afterAll(() => asked?.remove());

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
}

const document = async (): Promise<Document> => (await asked.get<Document>('/openapi.json')).body;

describe('/openapi.json', () => {
  test('describes every address, each under a name of its own', async () => {
    const { openapi, paths } = await document();
    expect(openapi).toBe('3.1.0');
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['/v1/who', '/v1/runs/{id}/tree', '/v1/actions']),
    );
  });

  test('every reference leads to a schema', async () => {
    const { components, ...rest } = await document();
    const text = JSON.stringify([components, rest]);
    const named = [...text.matchAll(/"\$ref":"([^"]*)"/g)].map(([, to]) => to);
    expect(named.length).toBeGreaterThan(10);
    for (const to of named) {
      expect(Object.keys(components.schemas)).toContain(to?.replace('#/components/schemas/', ''));
    }
  });

  test('path parameters are those of the address, and required; others are not', async () => {
    const { paths } = await document();
    for (const [path, methods] of Object.entries(paths)) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const { parameters } of Object.values(methods)) {
        expect(parameters.filter((each) => each.in === 'path').map(({ name }) => name)).toEqual(named);
        expect(parameters.filter((each) => each.in === 'path').every(({ required }) => required)).toBe(true);
      }
    }
  });
});

describe('examples', async () => {
  const routes = routesOf(undefined as never);

  test.each(
    routes.flatMap((route) => route.examples.map((example) => [example.request, route, example] as const)),
  )('%s answers as described', async (request, route, example) => {
    const response = await fetch(asked.service.url + request, {
      method: route.method.toUpperCase(),
      ...(example.body === undefined
        ? {}
        : { body: JSON.stringify(example.body), headers: { 'content-type': 'application/json' } }),
    });
    const body: unknown = await response.json();
    expect([response.status, body]).toEqual([route.status, expect.anything()]);
    const answer = route.answers['application/json'];
    const read = answer?.safeParse(body);
    expect(read?.error).toBeUndefined();
    // Nothing is there that is not described.
    expect(read?.data).toEqual(body);
  });
});
