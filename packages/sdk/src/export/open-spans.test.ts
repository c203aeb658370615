import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { formatReference, newRunId } from '@whence/model';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { action } from '../runs/action.ts';
import { RunSampler } from '../runs/run-sampler.ts';
import { scopeOf, withRun } from '../runs/run-scope.ts';
import { samplerNamed } from '../settings/other-sampler.ts';
import { OpenSpans } from './open-spans.ts';

const exporter = new InMemorySpanExporter();
const open = new OpenSpans(50);
const scope = scopeOf(formatReference({ runId: newRunId() }))!;
const spans = () => exporter.getFinishedSpans();

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  trace.setGlobalTracerProvider(
    new TracerProvider({
      sampler: new RunSampler(samplerNamed('always_off', 1)),
      spanProcessors: [open, new SimpleSpanProcessor({ exporter })],
    }),
  );
});
afterEach(() => exporter.reset());
afterAll(() => {
  open.stop();
  trace.disable();
  context.disable();
});

const inRun = <T>(fn: () => T): T => context.with(withRun(ROOT_CONTEXT, scope), fn);

describe('OpenSpans', () => {
  it('tells once of an action that takes long, so that a crash does not leave it unknown', async () => {
    const done = Promise.withResolvers<void>();
    const details = { target: 's3://bank/statements', statement: 'rotate' };
    const acting = inRun(() => action('long', { system: 's3', ...details }, () => done.promise));
    inRun(() => action('short', {}, () => {}));
    await expect.poll(() => spans().map(({ name }) => name)).toEqual(['short', 'open: long']);
    const mark = spans()[1]!;
    await new Promise((resolve) => setTimeout(resolve, 120));
    done.resolve();
    await acting;
    const [, , long] = spans();
    expect(spans()).toHaveLength(3);
    expect(mark.parentSpanContext?.spanId).toBe(long!.spanContext().spanId);
    expect(mark.spanContext().traceState?.serialize()).toBe(`whence=${scope.reference}`);
    expect([mark.startTime, mark.endTime]).toEqual([long!.startTime, long!.startTime]);
    expect(mark.attributes).toEqual({
      'whence.action.system': 'whence',
      'whence.action.operation': 'open',
      'whence.action.open': long!.spanContext().spanId,
      'whence.action.target': 's3://bank/statements',
      'whence.action.statement': 'rotate',
    });
  });

  it('says nothing of what is in no run', async () => {
    const done = Promise.withResolvers<void>();
    const acting = action('nobody’s', {}, () => done.promise);
    await new Promise((resolve) => setTimeout(resolve, 120));
    done.resolve();
    await acting;
    expect(spans().map(({ name }) => name)).toEqual(['nobody’s']);
  });

  it('ends what is open as unfinished, the innermost first', () => {
    inRun(() => void action('outer', {}, () => action('inner', {}, () => new Promise(() => {}))));
    open.endAll('the process was told to end');
    expect(spans().map(({ name, status }) => [name, status.message])).toEqual([
      ['inner', 'unfinished: the process was told to end'],
      ['outer', 'unfinished: the process was told to end'],
    ]);
  });
});
