import { context, propagation, ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import { formatReference, newRunId } from '@whence/model';
import { afterEach, describe, expect, it } from 'vitest';
import { startTracing, type Tracing, traceStateOf } from '../testkit/tracing.ts';
import { RunSampler } from './run-sampler.ts';
import { type RunScope, scopeOf, withRun } from './run-scope.ts';

const aRun = (): RunScope => scopeOf(formatReference({ runId: newRunId() }))!;

const remote = (traceState: string, traceFlags: TraceFlags = TraceFlags.SAMPLED) => ({
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags,
  isRemote: true,
  traceState: new TraceState(traceState),
});

describe('RunSampler', () => {
  let tracing: Tracing;
  afterEach(() => {
    tracing.stop();
    propagation.disable();
  });
  const start = (name: string, within = context.active()) =>
    trace.getTracer('test').startActiveSpan(name, {}, within, (span) => span.end());

  it('puts the reference on the root, and children inherit it', () => {
    tracing = startTracing();
    const run = aRun();
    trace.getTracer('test').startActiveSpan('root', {}, withRun(ROOT_CONTEXT, run), (span) => {
      start('child');
      span.end();
    });
    expect(traceStateOf(tracing.named('root'))).toBe(`whence=${run.reference}`);
    expect(traceStateOf(tracing.named('child'))).toBe(`whence=${run.reference}`);
  });

  it('gives spans outside of any run nothing', () => {
    tracing = startTracing();
    start('alone');
    expect(traceStateOf(tracing.named('alone'))).toBeUndefined();
  });

  it('replaces the reference of the run around, and keeps other members', () => {
    tracing = startTracing();
    const [outer, inner] = [aRun(), aRun()];
    const around = trace.setSpanContext(ROOT_CONTEXT, {
      ...remote(`other=1,whence=${outer.reference}`),
      isRemote: false,
    });
    start('inner', withRun(around, inner));
    expect(traceStateOf(tracing.named('inner'))).toBe(`whence=${inner.reference},other=1`);
  });

  it('makes room where the header is full', () => {
    tracing = startTracing();
    const run = aRun();
    const full = Array.from({ length: 32 }, (_, i) => `m${i}=${'v'.repeat(10)}`).join(',');
    start('full', withRun(trace.setSpanContext(ROOT_CONTEXT, remote(full)), run));
    const carried = traceStateOf(tracing.named('full'))!;
    expect(carried.startsWith(`whence=${run.reference},m0=`)).toBe(true);
    expect(carried.length).toBeLessThanOrEqual(512);
  });

  it('lets a request taken up inside a run speak for itself', () => {
    tracing = startTracing();
    const [own, theirs] = [aRun(), aRun()];
    start('theirs', trace.setSpanContext(withRun(ROOT_CONTEXT, own), remote(`whence=${theirs.reference}`)));
    expect(traceStateOf(tracing.named('theirs'))).toBe(`whence=${theirs.reference}`);
  });

  it('never samples out what a run does, whatever was decided elsewhere', () => {
    tracing = startTracing(new AlwaysOffSampler());
    const run = aRun();
    start('not recorded');
    start('in a run', withRun(ROOT_CONTEXT, run));
    start(
      'carried here',
      trace.setSpanContext(ROOT_CONTEXT, remote(`whence=${run.reference}`, TraceFlags.NONE)),
    );
    expect(tracing.spans().map(({ name }) => name)).toEqual(['in a run', 'carried here']);
  });

  it('takes a malformed member for no run', () => {
    tracing = startTracing(new AlwaysOffSampler());
    start('malformed', trace.setSpanContext(ROOT_CONTEXT, remote('whence=nonsense')));
    expect(tracing.spans()).toEqual([]);
  });

  it('says what it does', () => {
    tracing = startTracing();
    const sampler = new RunSampler(new AlwaysOffSampler());
    expect(sampler.toString()).toBe('RunSampler{AlwaysOffSampler}');
    expect(sampler.shouldSample(ROOT_CONTEXT, '', '', SpanKind.INTERNAL, {}, []).decision).toBe(0);
  });
});
