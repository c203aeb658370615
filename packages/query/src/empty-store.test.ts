import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AskedService, startAskedService } from './asked-service.fixture.ts';
import { routesOf } from './routes.ts';

let asked: AskedService;

beforeAll(async () => {
  asked = await startAskedService();
});

afterAll(() => asked?.remove());

const examples = routesOf(undefined as never)
  .filter(({ method }) => method === 'get')
  .flatMap((route) => route.examples.map(({ request }) => request));

/** On the first day nothing has arrived yet: that is an answer, or a thing that is not known, never a failure. */
test.each(examples)('nothing is on record: %s', async (request) => {
  const { status, body } = await asked.get<{ readonly code?: string }>(request);
  expect([status, body]).toEqual([expect.toBeOneOf([200, 404]), body]);
  if (status === 404 && request.startsWith('/v1/')) expect(body?.code).toMatch(/^unknown_/);
});

test.each(['span', 'trace', 'run'])('nothing is on record: who by %s', async (field) => {
  const id = { span: 'a'.repeat(16), trace: 'a'.repeat(32), run: '01975d2e-0000-7000-8000-000000000000' }[
    field
  ];
  const { status, body } = await asked.get<{ readonly code?: string }>(`/v1/who?${field}=${id}`);
  expect([status, body.code]).toEqual([404, `unknown_${field}`]);
});
