import { beforeAll, expect, it } from 'vitest';
import { startRabbitMq } from '../stage/rabbitmq.ts';
import { playScenario, type Scenario } from './scenario.ts';

let played: Scenario;
beforeAll(async () => {
  played = await playScenario('amqp', { RABBITMQ_URL: (await startRabbitMq()).url });
});

it('mixes up no two of twenty-one messages with shared options that are handled at once', () => {
  const { said, named, rootOf } = played;
  expect([said.wrong, said.shared]).toEqual([[], { persistent: true, headers: { kind: 'invoice' } }]);
  for (const [job, count] of [
    ['a', 10],
    ['b', 10],
    ['nobody', 1],
  ] as const) {
    for (let number = 0; number < count; number++) {
      const work = named(`work ${job} ${number}`);
      expect(work.run).toBe(said[job]);
      const root = rootOf(work);
      expect(root.name).toMatch(/ process$/);
      expect(root.causes).toMatchObject([{ kind: 'message', run: said[job] }]);
      expect(root.traceId).not.toBe(played.named(job === 'nobody' ? 'a' : job).traceId);
    }
  }
});

it('does nothing in the run that started the consumer', () => {
  const { spans, said } = played;
  expect(spans.filter(({ run }) => run === said.starter).map(({ name }) => name)).toEqual(['starter']);
});

it('fails the handling of a message that is rejected, and says which attempt the next is', () => {
  const counted = played.spans.filter(({ name }) => /^counting-.* process$/.test(name));
  expect(counted.map(({ error, attributes }) => [error, attributes['whence.message.attempt']])).toEqual([
    [expect.stringContaining('nack called'), undefined],
    [undefined, 2],
  ]);
});

it('leaves `get` to the run that calls it, and the work on the message to the run that sent it', () => {
  const { said, allNamed, named } = played;
  const got = allNamed(`get ${said.few}`);
  expect(got.map(({ run, causes }) => [run, causes[0]!.run])).toEqual([
    [said.taker, said.d],
    [said.taker, said.d],
  ]);
  expect(named('with the message').run).toBe(said.taker);
  for (const work of [named('work promised'), named('work called back')]) {
    expect([work.run, work.parentSpanId]).toEqual([said.d, undefined]);
    expect(work.causes).toMatchObject([{ kind: 'message', run: said.d }]);
  }
});

it('takes headers that say two things, or nothing that makes sense, for no run at all', () => {
  for (const name of played.said.names) {
    expect([name, played.named(`work of ${name}`).run]).toEqual([name, undefined]);
  }
});
