import { beforeAll, describe, expect, it } from 'vitest';
import { startKafka } from '../stage/kafka.ts';
import { playScenario, type Scenario } from './scenario.ts';

let environment: Record<string, string>;
beforeAll(async () => {
  const { broker } = await startKafka();
  environment = { KAFKA_BROKER: broker, KAFKAJS_NO_PARTITIONER_WARNING: '1', NODE_NO_WARNINGS: '1' };
});

describe('a batch of messages of several runs', () => {
  let played: Scenario;
  beforeAll(async () => {
    played = await playScenario('kafka-batch', environment);
  });

  it('does the work of each message in its own run, in a trace linked to its producer', () => {
    const { said, named, rootOf } = played;
    for (const [index, run] of [said.a, said.a, said.b, undefined].entries()) {
      const [sent, work] = [named(`send ${index + 1}`), named(`work ${index + 1}`)];
      expect([sent.run, work.run]).toEqual([run, run]);
      const root = rootOf(work);
      expect(root.name).toMatch(/^process topic-/);
      expect(root.traceId).not.toBe(sent.traceId);
      expect(root.causes).toEqual([{ spanId: sent.spanId, kind: 'message', run }]);
    }
  });

  it('gives to nobody what the handler does for all of them, with a link to each cause', () => {
    const { named, rootOf, said } = played;
    for (const name of ['outside', 'afterwards']) {
      expect(named(name).run).toBeUndefined();
      expect(rootOf(named(name)).name).toMatch(/^poll /);
    }
    const { causes } = rootOf(named('outside'));
    expect(causes.map(({ run }) => run)).toEqual([said.a, said.a, said.b, undefined]);
  });

  it('does nothing in the run that started the consumer', () => {
    const { spans, said, named } = played;
    expect(named('told').run).toBeUndefined();
    expect(spans.filter(({ run }) => run === said.starter).map(({ name }) => name)).toEqual(['starter']);
  });
});

describe('a batch of messages of one run', () => {
  let played: Scenario;
  beforeAll(async () => {
    played = await playScenario('kafka-one-run', environment);
  });

  it('is of that run as a whole', () => {
    const { allNamed, said } = played;
    expect(allNamed('insert all').map(({ run }) => run)).toEqual([said.a, said.a]);
  });

  it('fails in the message that failed and those behind it, and says which attempt the next is', () => {
    const processed = played.spans.filter(({ name }) => name.startsWith('process '));
    const first = processed.slice(0, 3);
    expect(
      processed.map(({ attributes, error }) => [
        attributes['messaging.kafka.offset'],
        attributes['whence.message.attempt'],
        error,
      ]),
    ).toEqual([
      ['0', undefined, undefined],
      ['1', undefined, 'not today'],
      ['2', undefined, 'not today'],
      ['0', 2, undefined],
      ['1', 2, undefined],
      ['2', 2, undefined],
    ]);
    expect(first.every(({ run }) => run === played.said.a)).toBe(true);
  });
});

describe('one message at a time', () => {
  let played: Scenario;
  beforeAll(async () => {
    played = await playScenario('kafka-each-message', environment);
  });

  it('is a trace of its own for each attempt, all of them caused by the message', () => {
    const { spans, said } = played;
    const attempts = spans.filter(({ name }) => name.startsWith('process '));
    expect(
      attempts.map(({ run, error, attributes }) => [run, error, attributes['whence.message.attempt']]),
    ).toEqual([
      [said.a, 'not today', undefined],
      [said.a, undefined, 2],
    ]);
    expect(new Set(attempts.map(({ traceId }) => traceId)).size).toBe(2);
    const producer = spans.find(({ name }) => name.startsWith('send '))!;
    for (const { causes } of attempts) {
      expect(causes).toEqual([{ spanId: producer.spanId, kind: 'message', run: said.a }]);
    }
  });

  it('begins a run of its own below the run of the message', () => {
    const { said, named } = played;
    expect(said.child.trigger).toBe('message');
    expect(said.child.around.reference).toBe(said.a);
    expect(said.child.parentRunId).toBe(said.child.around.runId);
    expect(named('work of the child').run).toBe(said.child.reference);
    expect(named('child').attributes['whence.run.parent.id']).toBe(said.child.parentRunId);
  });
});

it('takes headers that say two things, or nothing that makes sense, for no run at all', async () => {
  const { said, named, allNamed } = await playScenario('kafka-hostile', environment);
  for (const name of said.names) expect([name, named(`work of ${name}`).run]).toEqual([name, undefined]);
  expect(named('work of the last').run).toBe(named('c').run);
  expect(allNamed('a')).toHaveLength(1);
});

it('mixes up no two of twenty-one messages of two runs and of nobody that are handled at once', async () => {
  const { said, named } = await playScenario('kafka-at-once', environment);
  expect([said.wrong, said.atOnce]).toEqual([[], 21]);
  for (let number = 0; number < 10; number++) {
    expect(named(`work a ${number}`).run).toBe(said.a);
    expect(named(`work b ${number}`).run).toBe(said.b);
  }
  expect(named('work nobody 0').run).toBeUndefined();
});

it('writes into no headers that messages share, and passes none on that were received', async () => {
  const { said, allNamed } = await playScenario('kafka-shared-headers', environment);
  const runsOf = (value: string) => allNamed(`work of ${value}`).map(({ run }) => run);
  expect(said.headers).toEqual({ kind: 'invoice' });
  expect(runsOf('a')).toEqual([said.a, said.a]);
  expect(runsOf('b')).toEqual([said.b, said.b]);
  expect(runsOf('nobody')).toEqual([undefined]);
  expect(runsOf('passed on')).toEqual([undefined]);
});
