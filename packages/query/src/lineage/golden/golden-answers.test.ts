import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AskedService, startAskedService } from '../../asked-service.fixture.ts';
import { insertGraph } from '../graph.fixture.ts';
import type { WhoAnswer } from '../who-answer.ts';
import { early, late, nightlyRun, questions } from './causal-graph.fixture.ts';

/**
 * Whole answers about one graph that has every edge there is. `npx vitest run -u` writes them anew: each change is then
 * read, and meant.
 */
let asked: AskedService;

beforeAll(async () => {
  asked = await startAskedService();
  await insertGraph(asked.temporary.store, early);
});

afterAll(() => asked?.remove());

const answerTo = async (path: string): Promise<string> => {
  const { status, body } = await asked.get<WhoAnswer>(path);
  expect([path, status]).toEqual([path, 200]);
  return `${JSON.stringify(body, null, 2)}\n`;
};

const who = ({ traceId, spanId }: { readonly traceId: string; readonly spanId: string }) =>
  answerTo(`/v1/who?trace=${traceId}&span=${spanId}`);

describe('who', () => {
  test.each(Object.entries(questions))('%s', async (name, of) => {
    await expect(await who(of)).toMatchFileSnapshot(`who-${name}.json`);
  });
});

test('the tree of the run', async () => {
  await expect(await answerTo(`/v1/runs/${nightlyRun.id}/tree`)).toMatchFileSnapshot('tree.json');
});

test('a parent that comes late mends the answer', async () => {
  await insertGraph(asked.temporary.store, late);
  await expect(await who(questions['late-parent'])).toMatchFileSnapshot('who-late-parent-arrived.json');
});
