import { beforeAll, describe, expect, it } from 'vitest';
import { startRedis } from '../stage/redis.ts';
import { playScenario, type Scenario, type ScenarioSpan } from './scenario.ts';

let environment: Record<string, string>;
beforeAll(async () => {
  environment = { REDIS_URL: (await startRedis()).url };
});

/** Producers are named for the job, what comes of it for the queue. */
const adding = ({ spans }: Scenario, job: string): ScenarioSpan =>
  spans.find(({ name }) => name.startsWith('add ') && name.endsWith(`.${job}`))!;

describe('jobs', () => {
  let played: Scenario;
  beforeAll(async () => {
    played = await playScenario('bullmq-jobs', environment);
  });

  it.each(['fails 1', 'delayed 1', 'bulk 1', 'parent 1', 'child 1'])(
    'does the work of %s in the run that added it, in a trace of its own',
    (job) => {
      const { named, rootOf, said } = played;
      const work = named(`work of ${job}`);
      expect(work.run).toBe(said.a);
      const root = rootOf(work);
      expect(root.name).toMatch(/^process queue-/);
      expect(root.causes).toMatchObject([{ kind: 'message', run: said.a }]);
      expect(root.traceId).not.toBe(named('a').traceId);
    },
  );

  it('links another attempt to the one before, and says which it is', () => {
    const { named, rootOf, said } = played;
    const [first, second] = [1, 2].map((attempt) => rootOf(named(`work of fails ${attempt}`)));
    expect(first!.causes[0]!.spanId).toBe(adding(played, 'fails').spanId);
    expect([first!.error, second!.error]).toEqual(['not today', undefined]);
    expect([first, second].map((span) => span!.attributes['whence.message.attempt'])).toEqual([undefined, 2]);
    expect(second!.causes).toEqual([
      { spanId: first!.spanId, kind: 'retry', run: said.a },
      { spanId: first!.causes[0]!.spanId, kind: 'message', run: said.a },
    ]);
    expect(second!.traceId).not.toBe(first!.traceId);
  });

  it.each(['nobody 1', 'garbage 1'])('gives to nobody the work of %s', (job) => {
    expect(played.named(`work of ${job}`).run).toBeUndefined();
  });

  it('begins a run of its own below the run of the job', () => {
    const { said, named } = played;
    expect(named('work of the run').run).toBe(said.own.reference);
    expect(named('own').attributes['whence.run.parent.id']).toBe(named('a').attributes['whence.run.id']);
  });

  it('does nothing in the run that started the worker', () => {
    const { spans, said, allNamed } = played;
    expect(allNamed('told').map(({ run }) => run)).toEqual(Array(8).fill(undefined));
    expect(spans.filter(({ run }) => run === said.starter).map(({ name }) => name)).toEqual(['starter']);
  });

  it('names queue, system and verb as OpenTelemetry does, and keeps no results', () => {
    const processing = played.rootOf(played.named('work of bulk 1'));
    expect(processing.attributes).toMatchObject({
      'messaging.system': 'bullmq',
      'messaging.destination.name': expect.stringMatching(/^queue-/),
      'messaging.operation.name': 'process',
    });
    expect(JSON.stringify(played.spans)).not.toContain('hunter2');
  });
});

it('makes each tick of a schedule a trace of its own, linked to who armed it, and in nobody’s run', async () => {
  const played = await playScenario('bullmq-schedule', environment);
  const { said, allNamed, rootOf, named } = played;
  const work = allNamed('work of tick');
  expect(work).toHaveLength(4);
  const armed = adding(played, 'tick');
  expect(armed.run).toBe(said.armer);
  const roots = work.map(rootOf);
  expect(new Set(roots.map(({ traceId }) => traceId)).size).toBe(4);
  expect(work.map(({ run }) => run)).toEqual([undefined, undefined, undefined, undefined]);
  expect(roots.slice(0, 3).map(({ causes }) => causes)).toEqual(
    Array(3).fill([{ spanId: armed.spanId, kind: 'schedule', run: said.armer }]),
  );
  expect(roots[3]!.causes).toEqual([
    { spanId: roots[2]!.spanId, kind: 'retry', run: undefined },
    ...roots[2]!.causes,
  ]);

  const processing = [roots[0], roots[1], roots[3]];
  expect(allNamed('nightly').map(({ causes }) => causes)).toEqual(
    processing.map((root) => [{ spanId: root!.spanId, kind: 'call', run: undefined }]),
  );
  expect(said.runs).toHaveLength(3);
  expect(said.runs.every((run: { parentRunId?: string }) => run.parentRunId === undefined)).toBe(true);
  const ofTheOther = played.spans.filter(({ run }) => run === said.other).map(({ name }) => name);
  expect(ofTheOther.filter((name) => name.endsWith('.tick'))).toEqual([]);
  expect(named('armer').run).toBe(said.armer);
});

it.each([
  ['the telemetry that it is given', {}],
  ['the bullmq-otel of the user', { OWN_TELEMETRY: 'true' }],
])('mixes up no two of twenty jobs that are processed at once, with %s', async (_, own) => {
  const { said, named } = await playScenario('bullmq-at-once', { ...environment, ...own });
  expect(said.wrong).toEqual([]);
  for (let number = 0; number < 10; number++) {
    expect(named(`work a ${number}`).run).toBe(said.a);
    expect(named(`work b ${number}`).run).toBe(said.b);
  }
});

it('keeps a process for sandboxed processors out of the run whose job started it', async () => {
  const { said, named } = await playScenario('bullmq-sandbox', environment);
  for (const job of ['a', 'b']) {
    expect(named(`unsaid ${job}`).run).toBeUndefined();
    expect(named(`work ${job}`).run).toBe(said[job]);
  }
});
