import { newRunId } from '@whence/model';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Problem } from './api/problem.ts';
import { type AskedService, startAskedService } from './asked-service.fixture.ts';
import { doneIn, insertGraph, newRun, opening, span, timeAt, under } from './lineage/graph.fixture.ts';
import type { WhoAnswer } from './lineage/who-answer.ts';

let asked: AskedService;
let get: AskedService['get'];

const MINUTE = 60_000;
const nightly = newRun();
const opened = span(opening(nightly));
const call = span({ ...under(opened), ...doneIn(nightly) });
const update = span({
  ...under(call),
  ...doneIn(nightly),
  ReceivedAt: timeAt(0),
});

beforeAll(async () => {
  asked = await startAskedService();
  get = asked.get;
  await insertGraph(asked.temporary.store, { runs: [nightly], spans: [opened, call, update] });
});

afterAll(() => asked?.remove());

const who = async (more: string) => (await get<WhoAnswer>(`/v1/who?${more}`)).body;

test('what came later is left out, and said to be missing', async () => {
  const now = await who(`span=${update.spanId}`);
  expect(now.chain).toHaveLength(3);
  expect(now.asOf).toBeUndefined();
  const then = await who(`span=${update.spanId}&asOf=${timeAt(MINUTE - 1)}`);
  expect(then.chain).toHaveLength(1);
  expect(then.missing.map(({ code }) => code)).toContain('parent_missing');
  expect(Date.parse(then.asOf!)).toBe(Date.parse(timeAt(MINUTE - 1)));
  expect((await who(`span=${update.spanId}&asOf=${timeAt(MINUTE)}`)).chain).toEqual(now.chain);
});

test('what was not known then is not found, and why is said', async () => {
  for (const asking of [`span=${call.spanId}`, `trace=${call.traceId}`, `run=${newRunId()}`]) {
    const { status, body } = await get<Problem>(`/v1/who?${asking}&asOf=${timeAt(-1)}`);
    expect(status).toBe(404);
    expect(body.detail).toContain('left out, as asked by asOf');
  }
});

test('the future is refused', async () => {
  const later = new Date(Date.now() + MINUTE).toISOString();
  const { status, body } = await get<Problem>(`/v1/who?span=${update.spanId}&asOf=${later}`);
  expect([status, body.field, body.detail]).toMatchObject([400, 'asOf', expect.stringContaining('future')]);
});
