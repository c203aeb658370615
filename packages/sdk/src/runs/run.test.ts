import { context, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { formatReference, isRunId, newRunId, parseReference } from '@whence/model';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { causedBy } from '../carriers/caused-by.ts';
import { type FakeIssuer, fakeIssuer } from '../testkit/fake-issuer.ts';
import { heardNotices } from '../testkit/heard-notices.ts';
import { startTracing, type Tracing, traceStateOf } from '../testkit/tracing.ts';
import { action } from './action.ts';
import { current } from './active-run.ts';
import { httpIssuer } from './http-issuer.ts';
import { type RunFunction, runsOf } from './run.ts';

let tracing: Tracing;
let fake: FakeIssuer;
beforeAll(async () => {
  tracing = startTracing();
  fake = await fakeIssuer();
});
afterEach(() => fake.clear());
afterAll(async () => {
  tracing.stop();
  await fake.close();
});

const { notices, heard } = heardNotices();
afterEach(() => heard.splice(0));
const run: RunFunction = (...args) => runsOf(httpIssuer(fake.url, 'k'), notices).run(...args);

describe('a run that the issuer started', () => {
  it('is a span of its own trace with what the issuer knows, and rides on everything below', async () => {
    const inside = await run(
      { job: 'nightly', trigger: 'schedule', principal: { id: 'user:dana', kind: 'human' }, attempt: 2 },
      async (active) => {
        action('below', {}, () => {});
        expect(current()).toMatchObject({ runId: active.runId, job: 'nightly', assurance: 'verified' });
        return active;
      },
    );
    const span = tracing.named('nightly');
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.attributes).toEqual({
      'whence.run.id': inside.runId,
      'whence.run.job': 'nightly',
      'whence.run.attempt': 2,
      'whence.run.trigger': 'schedule',
      'whence.run.root.id': inside.runId,
      'whence.run.outcome': 'success',
      'whence.assurance': 'verified',
      'whence.principal.id': 'user:dana',
      'whence.principal.kind': 'scheduler',
      'whence.authority.id': 'policy:nightly-jobs@3',
    });
    expect(traceStateOf(span)).toBe(`whence=${inside.reference}`);
    expect(traceStateOf(tracing.named('below'))).toBe(`whence=${inside.reference}`);
    expect(current()).toBeUndefined();
  });

  it('asks for what it was told, and says how it ended', async () => {
    const { runId } = await run(
      { job: 'told', principal: 'user:dana', authority: 'policy:nightly-jobs@3' },
      (active) => active,
    );
    expect(fake.requests.map(({ path, body }) => [path, body])).toEqual([
      [
        '/v1/runs',
        {
          job: 'told',
          trigger: 'manual',
          attempt: 1,
          principal: 'user:dana',
          authority: 'policy:nightly-jobs@3',
        },
      ],
      [`/v1/runs/${runId}/end`, { outcome: 'success' }],
    ]);
  });

  it('traces none of its own talk with the issuer', async () => {
    await run({ job: 'quiet' }, () => {});
    expect(fake.requests.map(({ traceparent }) => traceparent)).toEqual([undefined, undefined]);
  });

  it('fails as fn fails', async () => {
    const boom = new RangeError('boom');
    await expect(
      run({ job: 'failing' }, () => {
        throw boom;
      }),
    ).rejects.toBe(boom);
    const { status, attributes, events } = tracing.named('failing');
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'boom' });
    expect(attributes).toMatchObject({ 'whence.run.outcome': 'failure' });
    expect(events.map(({ name }) => name)).toEqual(['exception']);
    expect(fake.requests[1]!.body).toEqual({ outcome: 'failure', message: 'boom' });
  });

  it('is not failed by an issuer that does not take its end', async () => {
    fake.answers.push(undefined, {
      status: 409,
      body: { code: 'run_already_ended', detail: 'it ended before' },
    });
    expect(await run({ job: 'end refused' }, () => 'done')).toBe('done');
    expect(heard).toEqual([expect.stringContaining('it ended before')]);
  });

  it('links to the span it began in, where that is in no run', async () => {
    await action('a request', {}, () => run({ job: 'by request', trigger: 'api' }, () => {}));
    const request = tracing.named('a request').spanContext();
    const span = tracing.named('by request');
    expect(span.spanContext().traceId).not.toBe(request.traceId);
    expect(span.links).toMatchObject([{ context: request, attributes: { 'whence.cause': 'call' } }]);
  });
});

describe('a run within a run', () => {
  it('is a child span with a reference of its own, and names its parent', async () => {
    const [outer, inner] = await run({ job: 'outer' }, async (outside) => {
      const nested = await run({ job: 'inner' }, (within) => {
        action('in inner', {}, () => {});
        return within;
      });
      action('in outer again', {}, () => {});
      return [outside, nested];
    });
    expect(inner).toMatchObject({ parentRunId: outer!.runId, rootRunId: outer!.runId, trigger: 'parent' });
    expect(fake.requests[1]!.body).toMatchObject({ parent: outer!.reference, trigger: 'parent' });
    const span = tracing.named('inner');
    expect(span.parentSpanContext?.spanId).toBe(tracing.named('outer').spanContext().spanId);
    expect(span.attributes).toMatchObject({
      'whence.run.parent.id': outer!.runId,
      'whence.run.root.id': outer!.runId,
    });
    expect(
      ['inner', 'in inner', 'outer', 'in outer again'].map((name) => traceStateOf(tracing.named(name))),
    ).toEqual([inner, inner, outer, outer].map((each) => `whence=${each!.reference}`));
  });

  it('names the run that a message came from', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { reference } = await run({ job: 'sender' }, (active) => active);
    const carried = { traceparent, tracestate: `whence=${reference}` };
    const worker = await causedBy(carried, 'message', () => run({ job: 'worker' }, (active) => active));
    expect(fake.requests[2]!.body).toMatchObject({ parent: reference, trigger: 'parent' });
    const span = tracing.named('worker');
    expect(traceStateOf(span)).toBe(`whence=${worker.reference}`);
    expect(span.links).toMatchObject([{ attributes: { 'whence.cause': 'message' } }]);
  });

  it('replaces the reference of a remote parent', async () => {
    const outer = await run({ job: 'elsewhere' }, (active) => active);
    const { TraceState } = await import('@opentelemetry/core');
    const remote = trace.setSpanContext(ROOT_CONTEXT, {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: 1,
      isRemote: true,
      traceState: new TraceState(`whence=${outer.reference}`),
    });
    const inner = await context.with(remote, () => run({ job: 'taken up' }, (active) => active));
    const span = tracing.named('taken up');
    expect(span.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(traceStateOf(span)).toBe(`whence=${inner.reference}`);
  });
});

describe('a run that the issuer refused', () => {
  it('is not run', async () => {
    fake.answers.push({
      status: 403,
      body: { code: 'job_not_allowed', detail: 'this key may not run wipe' },
    });
    let ran = false;
    const refused = run({ job: 'wipe' }, () => {
      ran = true;
    });
    await expect(refused).rejects.toMatchObject({
      name: 'RunRefused',
      code: 'job_not_allowed',
      issuerCode: 'job_not_allowed',
      status: 403,
      message: 'this key may not run wipe',
    });
    expect(ran).toBe(false);
    expect(tracing.spans().some(({ name }) => name === 'wipe')).toBe(false);
  });

  it('has a code of its own for a no it does not know', async () => {
    fake.answers.push({ status: 400, body: { code: 'moon_phase', detail: 'not today' } });
    await expect(run({ job: 'x' }, () => {})).rejects.toMatchObject({
      code: 'run_refused',
      issuerCode: 'moon_phase',
    });
  });
});

describe('a run below a message that names a run the issuer does not know', () => {
  it('is run all the same, as no part of it: anybody can write a message', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const forged = {
      traceparent,
      tracestate: `whence=${formatReference({ runId: newRunId() })}.k1.AAAAAAAAAAAAAAAA`,
    };
    fake.answers.push({ status: 403, body: { code: 'parent_refuted', detail: 'its MAC is wrong' } });
    const worker = await causedBy(forged, 'message', () => run({ job: 'misled' }, (active) => active));
    expect(worker).toMatchObject({ assurance: 'verified' });
    expect(worker).not.toHaveProperty('parentRunId');
    expect(fake.requests.map(({ body }) => 'parent' in body).slice(0, 2)).toEqual([true, false]);
    expect(heard).toEqual([expect.stringContaining('its MAC is wrong')]);
  });

  it('is refused where the parent was opened here: that is a fault to be heard of', async () => {
    fake.answers.push(undefined, { status: 403, body: { code: 'parent_unknown', detail: 'never seen' } });
    await expect(run({ job: 'outer' }, () => run({ job: 'inner' }, () => {}))).rejects.toMatchObject({
      code: 'parent_unknown',
    });
  });
});

describe('an asserted run', () => {
  it('is what runs are without an issuer, and says so once', async () => {
    const { run: asserting } = runsOf(undefined, notices);
    const options = { job: 'asserted', principal: 'user:dana', authority: 'user:dana' };
    const active = await asserting(options, (each) => each);
    await asserting({ job: 'asserted too' }, () => {});
    expect(isRunId(active.runId)).toBe(true);
    expect(parseReference(active.reference)).toEqual({
      status: 'parsed',
      reference: { runId: active.runId },
    });
    expect(tracing.named('asserted').attributes).toMatchObject({
      'whence.assurance': 'asserted',
      'whence.principal.id': 'user:dana',
      'whence.authority.id': 'user:dana',
      'whence.run.root.id': active.runId,
    });
    expect(heard).toEqual([expect.stringContaining('asserted, not verified')]);
  });

  it('is what a run is while the issuer is away; that is said once for as long as it lasts', async () => {
    const down = { status: 503, body: {} };
    const { run: brief } = runsOf(httpIssuer(fake.url, 'k', 50), notices);
    fake.answers.push(down, down);
    const assurances = [];
    for (const job of ['away 1', 'away 2', 'back']) {
      assurances.push(await brief({ job }, ({ assurance }) => assurance));
    }
    expect(assurances).toEqual(['asserted', 'asserted', 'verified']);
    expect(heard).toEqual([expect.stringContaining('it answered 503')]);
    expect(fake.requests.map(({ path }) => path.endsWith('/end'))).toEqual([false, false, false, true]);
  });

  it('is named by a nested one, but not to the issuer, who could not check it', async () => {
    const { run: asserting } = runsOf(undefined, notices);
    const [outer, inner] = await asserting({ job: 'unproven' }, async (outside) => [
      outside,
      await run({ job: 'proven' }, (within) => within),
    ]);
    expect(fake.requests[0]!.body).toEqual({ job: 'proven', trigger: 'parent', attempt: 1 });
    expect(inner).toMatchObject({ assurance: 'verified', parentRunId: outer!.runId });
  });

  it('keeps the root of the runs around it, as far as it is known', async () => {
    const { run: asserting } = runsOf(undefined, notices);
    const [outer, inner] = await asserting({ job: 'root' }, async (outside) => [
      outside,
      await asserting({ job: 'leaf' }, (within) => within),
    ]);
    expect(inner).toMatchObject({ rootRunId: outer!.runId, parentRunId: outer!.runId });
  });
});

describe('runs under way when the process ends', () => {
  it('are ended once, as it says, whatever becomes of them then', async () => {
    const runs = runsOf(httpIssuer(fake.url, 'k'), notices);
    let finish: () => void = () => {};
    const begun = Promise.withResolvers<void>();
    const running = runs.run({ job: 'cut short' }, async () => {
      begun.resolve();
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return 'after all';
    });
    await begun.promise;
    await runs.endOpen('cancelled', 'the process was ended by SIGTERM');
    finish();
    expect(await running).toBe('after all');
    expect(fake.requests.slice(1).map(({ body }) => body)).toEqual([
      { outcome: 'cancelled', message: 'the process was ended by SIGTERM' },
    ]);
    expect(tracing.named('cut short').attributes).toMatchObject({ 'whence.run.outcome': 'cancelled' });
  });
});
