import { EventEmitter } from 'node:events';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { formatReference, newRunId } from '@whence/model';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { carrier } from '../carriers/carrier.ts';
import { heardNotices } from '../testkit/heard-notices.ts';
import { startTracing, type Tracing, traceStateOf } from '../testkit/tracing.ts';
import { action } from './action.ts';
import { current } from './active-run.ts';
import { bind, guard } from './bound.ts';
import { runsOf } from './run.ts';
import { detach } from './run-context.ts';
import { scopeOf, withRun } from './run-scope.ts';

let tracing: Tracing;
beforeAll(() => {
  tracing = startTracing();
});
afterEach(() => tracing.clear());
afterAll(() => tracing.stop());

const scopeOfNewRun = () => scopeOf(formatReference({ runId: newRunId() }))!;
const [a, b] = [scopeOfNewRun(), scopeOfNewRun()];
const inA = <T>(fn: () => T): T => context.with(withRun(ROOT_CONTEXT, a), fn);
const inB = <T>(fn: () => T): T => context.with(withRun(ROOT_CONTEXT, b), fn);
const runId = () => current()?.runId;

/** Userland's usual pool: whoever releases calls the next in line. */
const naivePool = () => {
  const waiting: (() => void)[] = [];
  return { acquire: (fn: () => void) => void waiting.push(fn), release: () => waiting.shift()?.() };
};

const lazy = <T>(start: () => T): PromiseLike<T> => ({
  // biome-ignore lint/suspicious/noThenProperty: a lazy thenable is what is tested
  then: (resolve, reject) => Promise.resolve(start()).then(resolve, reject),
});

async function* generator() {
  yield runId();
  await null;
  yield runId();
}

describe('bind: it belongs to whoever bound it', () => {
  it('a function', () => {
    const bound = inA(() => bind((suffix: string) => `${runId()}${suffix}`));
    expect(inB(() => bound('!'))).toBe(`${a.runId}!`);
    expect([bound.length, bound.name]).toEqual([1, '']);
  });

  it('what a pool calls back', () => {
    const pool = naivePool();
    let ran: string | undefined;
    inA(() =>
      pool.acquire(
        bind(() => {
          ran = runId();
        }),
      ),
    );
    inB(() => pool.release());
    expect(ran).toBe(a.runId);
  });

  it('a lazy thenable, which otherwise runs where it is awaited', async () => {
    expect(await inB(async () => await inA(() => lazy(runId)))).toBe(b.runId);
    expect(await inB(async () => await inA(() => bind(lazy(runId))))).toBe(a.runId);
  });

  it('an async generator, which otherwise runs where it is consumed', async () => {
    const consumed = async (made: AsyncIterable<string | undefined>) => {
      const seen: (string | undefined)[] = [];
      for await (const each of made) seen.push(each);
      return seen;
    };
    expect(await inB(() => consumed(inA(generator)))).toEqual([b.runId, b.runId]);
    expect(await inB(() => consumed(inA(() => bind(generator()))))).toEqual([a.runId, a.runId]);
  });

  it('the listeners of an emitter', () => {
    const emitter = inA(() => bind(new EventEmitter()));
    let ran: string | undefined;
    emitter.on('x', () => {
      ran = runId();
    });
    inB(() => emitter.emit('x'));
    expect(ran).toBe(a.runId);
  });
});

describe('guard: it belongs to those who agree', () => {
  const act = () => {
    action('guarded', {}, () => action('below', {}, () => {}));
    return runId();
  };

  it('names the run that asked where it is done in none, and the one that does it where none asked', () => {
    expect(inA(() => guard(act))()).toBe(a.runId);
    expect(inB(guard(act))).toBe(b.runId);
    expect(inA(() => guard(act)())).toBe(a.runId);
    expect(tracing.spans().some(({ attributes }) => 'whence.attribution' in attributes)).toBe(false);
  });

  it('names neither where they differ, says conflict, and links both', () => {
    const guarded = inA(() => action('asking', {}, () => guard(act)));
    expect(inB(() => action('doing', {}, guarded))).toBeUndefined();
    const [span, below] = [tracing.named('guarded'), tracing.named('below')];
    expect([traceStateOf(span), traceStateOf(below)]).toEqual([undefined, undefined]);
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.attributes).toMatchObject({
      'whence.attribution': 'conflict',
      'whence.attribution.runs': [a.runId, b.runId],
    });
    expect(below.attributes).not.toHaveProperty('whence.attribution');
    const linked = span.links.map(({ context: { spanId } }) => spanId);
    expect(linked).toEqual(['asking', 'doing'].map((name) => tracing.named(name).spanContext().spanId));
  });

  it('finds it in a pool, a thenable, a generator and an emitter', async () => {
    const pool = naivePool();
    inA(() => pool.acquire(guard(act)));
    inB(() => pool.release());
    expect(await inB(async () => await inA(() => guard(lazy(act))))).toBeUndefined();
    const generated = inA(() => guard(generator()));
    expect((await inB(() => generated.next())).value).toBeUndefined();
    const emitter = guard(new EventEmitter());
    inA(() => emitter.on('x', act));
    inB(() => emitter.emit('x'));
    const found = tracing.spans().filter(({ name }) => name === 'guarded');
    expect(found.map(({ attributes }) => attributes['whence.attribution'])).toEqual(
      Array(3).fill('conflict'),
    );
  });

  it('leaves an emitter as it is otherwise', () => {
    const emitter = guard(new EventEmitter());
    const seen: unknown[] = [];
    const listener = (value: unknown) => seen.push(value);
    emitter.once('x', listener);
    emitter.on('x', listener);
    emitter.prependOnceListener('x', () => seen.push('first'));
    expect(emitter.listeners('x')).toHaveLength(3);
    emitter.emit('x', 1);
    emitter.emit('x', 2);
    expect(seen).toEqual(['first', 1, 1, 2]);
    emitter.off('x', listener);
    emitter.once('x', listener);
    emitter.removeListener('x', listener);
    expect(emitter.listenerCount('x')).toBe(0);
  });
});

describe('an action that was asked for earlier', () => {
  it('is a conflict where it is done in another run', () => {
    const askedIn = inA(current);
    inB(() => action('late', { askedIn }, () => {}));
    inA(() => action('in time', { askedIn }, () => {}));
    action('in none', { askedIn }, () => {});
    expect(tracing.named('late').attributes['whence.attribution']).toBe('conflict');
    expect(traceStateOf(tracing.named('in time'))).toBe(`whence=${a.reference}`);
    expect(traceStateOf(tracing.named('in none'))).toBe(`whence=${a.reference}`);
  });
});

describe('detach', () => {
  it('is in no run, span or trace', () => {
    inA(() =>
      action('around', {}, () =>
        detach(() => {
          expect([current(), carrier()]).toEqual([undefined, { traceparent: '' }]);
          action('detached', {}, () => {});
        }),
      ),
    );
    const span = tracing.named('detached');
    expect([span.parentSpanContext, traceStateOf(span), span.links]).toEqual([undefined, undefined, []]);
  });
});

describe('a run that has ended', () => {
  it('is named without its proof by what happens in its context still, and that is marked', async () => {
    const { notices } = heardNotices();
    const { run } = runsOf(undefined, notices);
    const armed = Promise.withResolvers<void>();
    const { runId: id } = await run({ job: 'arms a timer' }, (active) => {
      setTimeout(() => {
        action('too late', {}, () => {
          expect(current()).toMatchObject({
            assurance: 'asserted',
            reference: formatReference({ runId: id }),
          });
          expect(carrier().tracestate).toBe(`whence=${formatReference({ runId: id })}`);
        });
        armed.resolve();
      }, 5);
      action('in time', {}, () => {});
      return active;
    });
    await armed.promise;
    expect(tracing.named('too late').attributes['whence.attribution']).toBe('run_ended');
    expect(tracing.named('in time').attributes).not.toHaveProperty('whence.attribution');
  });
});

describe('handoff', () => {
  it('is a run of another principal below the one that hands over', async () => {
    const { notices } = heardNotices();
    const { run, handoff } = runsOf(undefined, notices);
    const [from, to] = await run({ job: 'triage', principal: 'agent:triage' }, async (active) => [
      active,
      await handoff(active, { as: 'agent:refunds', authority: 'user:ana@example.com' }, (handed) => handed),
    ]);
    expect(to).toMatchObject({
      job: 'triage',
      trigger: 'handoff',
      principal: { id: 'agent:refunds' },
      authority: { id: 'user:ana@example.com' },
      parentRunId: from!.runId,
      rootRunId: from!.runId,
    });
  });

  it('can be done from elsewhere, in the name of the run', async () => {
    const { notices } = heardNotices();
    const { run, handoff } = runsOf(undefined, notices);
    const from = await run({ job: 'first' }, (active) => active);
    const to = await inB(() => handoff(from, { as: 'agent:second' }, (handed) => handed));
    expect(to.parentRunId).toBe(from.runId);
  });
});

describe('what run() is told wrongly', () => {
  it('is said once, left out, and no reason not to run', async () => {
    const { notices, heard } = heardNotices();
    const { run } = runsOf(undefined, notices);
    for (let i = 0; i < 2; i++) {
      const wrong = { job: ' ', principal: 'not a URI', attempt: -3, trigger: 'whim' as never };
      const active = await run(wrong, (each) => each);
      expect(active).toMatchObject({ job: 'unnamed', attempt: 1, trigger: 'manual' });
      expect(active).not.toHaveProperty('principal');
    }
    expect(heard).toEqual([
      expect.stringContaining('without a job'),
      expect.stringContaining('"not a URI" is no principal'),
      expect.stringContaining('no issuer'),
    ]);
  });

  it('never widens what allows the run around it', async () => {
    const { notices, heard } = heardNotices();
    const { run } = runsOf(undefined, notices);
    const inner = await run({ job: 'outer', authority: 'policy:read@1' }, () =>
      run({ job: 'inner', authority: 'policy:delete-everything@1' }, (each) => each),
    );
    expect(inner.authority).toMatchObject({ id: 'policy:read@1' });
    expect(heard.at(-1)).toContain('policy:delete-everything@1');
  });
});
