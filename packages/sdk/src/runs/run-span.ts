import { type Attributes, type Context, type Link, type Span, SpanKind, trace } from '@opentelemetry/api';
import { WHENCE } from '@whence/model';
import { currentRun } from './active-run.ts';
import { type RunScope, runIn, withRun } from './run-scope.ts';
import type { Start, StartedRun } from './run-start.ts';
import { tracer } from './tracer.ts';

/** The run span, and the context of what the run does: below the current span inside a run, otherwise a new trace. */
export const startRunSpan = (
  { run, token }: Start,
  around: Context,
): { span: Span; scope: RunScope; within: Context } => {
  const inRun = runIn(around) !== undefined;
  const outside = trace.getSpanContext(around);
  const scope: RunScope = {
    ...currentRun(run),
    ...(run.authority === undefined ? {} : { authorityId: run.authority.id }),
    ...(inRun && outside !== undefined ? { openedUnder: outside.spanId } : {}),
    ...(token === undefined ? {} : { token }),
  };
  const base = withRun(inRun ? around : trace.deleteSpan(around), scope);
  const links: Link[] =
    inRun || outside === undefined ? [] : [{ context: outside, attributes: { [WHENCE.cause.key]: 'call' } }];
  const options = { kind: SpanKind.INTERNAL, attributes: attributesOf(run), links };
  const span = tracer().startSpan(run.job, options, base);
  return { span, scope, within: trace.setSpan(base, span) };
};

const attributesOf = (run: StartedRun): Attributes => ({
  [WHENCE.runId.key]: run.runId,
  [WHENCE.runJob.key]: run.job,
  [WHENCE.runAttempt.key]: run.attempt,
  [WHENCE.runTrigger.key]: run.trigger,
  [WHENCE.assurance.key]: run.assurance,
  ...given(WHENCE.runRootId.key, run.rootRunId),
  ...given(WHENCE.runParentId.key, run.parentRunId),
  ...given(WHENCE.principalId.key, run.principal?.id),
  ...given(WHENCE.principalKind.key, run.principal?.kind),
  ...given(WHENCE.authorityId.key, run.authority?.id),
});

const given = (key: string, value: string | undefined): Attributes =>
  value === undefined ? {} : { [key]: value };
