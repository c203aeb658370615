import { beforeAll, expect, it } from 'vitest';
import { startPostgres } from '../stage/postgres.ts';
import { playScenario, type Scenario } from './scenario.ts';

let played: Scenario;
beforeAll(async () => {
  played = await playScenario('boss-jobs', { DATABASE_URL: (await startPostgres()).url });
});

it('does the work of each job of an array in its own run, in a trace linked to its sender', () => {
  const { said, named, rootOf } = played;
  for (const [job, run] of [
    ['a 0', said.a],
    ['a 1', said.a],
    ['b 0', said.b],
  ]) {
    const work = named(`work ${job}`);
    expect(work.run).toBe(run);
    expect(rootOf(work)).toMatchObject({
      name: 'process batch',
      causes: [{ kind: 'message', run }],
      attributes: { 'messaging.system': 'pg-boss', 'messaging.destination.name': 'batch' },
    });
  }
  for (const job of ['nobody 0', 'undefined']) expect(named(`work ${job}`).run).toBeUndefined();
});

it('links a tick to the run that armed the schedule, and leaves it to nobody', () => {
  const { said, named, rootOf } = played;
  const tick = named('work tick 0');
  expect(tick.run).toBeUndefined();
  expect(rootOf(tick).causes).toMatchObject([{ kind: 'schedule', run: said.armer }]);
});

it('gives to nobody what a handler does for jobs of several runs, and to their run for jobs of one', () => {
  const { said, named, rootOf } = played;
  expect(named('outside').run).toBeUndefined();
  const { causes } = rootOf(named('outside'));
  expect(causes).toHaveLength(3);
  expect(new Set(causes.map(({ kind, run }) => `${kind} of ${run}`))).toEqual(
    new Set([`message of ${said.a}`, `message of ${said.b}`, `schedule of ${said.armer}`]),
  );
  expect(named('all of one run').run).toBe(said.e);
});

it('does nothing in the runs that started it, and the worker', () => {
  const { spans, said } = played;
  const ofTheStarters = spans.filter(({ run }) => said.starters.includes(run));
  expect(ofTheStarters.map(({ name }) => name)).toEqual(['starter', 'starter']);
});

it('needs no help with a job alone, and says which attempt it is', () => {
  const { said, named, rootOf } = played;
  const [first, second] = [1, 2].map((attempt) => rootOf(named(`attempt ${attempt}`)));
  expect([first, second].map((root) => [root!.run, root!.error])).toEqual([
    [said.c, 'not today'],
    [said.c, undefined],
  ]);
  expect(second!.attributes['whence.message.attempt']).toBe(2);
});

it('mixes up no two of twenty jobs of two runs that are worked on at once', () => {
  expect(played.said.wrong).toEqual([]);
});
