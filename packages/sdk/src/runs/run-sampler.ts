import { type Attributes, type Context, type Link, type SpanKind, trace } from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';
import { type Sampler, SamplingDecision, type SamplingResult } from '@opentelemetry/sdk-trace';
import { REFERENCE_KEY, WHENCE, withReference } from '@whence/model';
import { isStartingAction } from './action.ts';
import { conflictIn } from './conflict.ts';
import { type RunScope, runIn, unproven } from './run-scope.ts';

/**
 * Puts the run's reference into `tracestate` where the parent span does not carry it: on the root spans of a run, and
 * on the first spans of a run nested in another. Children inherit it by themselves.
 *
 * What a run does, and what is an action, is never sampled out. Other spans are left to `others`.
 */
export class RunSampler implements Sampler {
  readonly #others: Sampler;

  constructor(others: Sampler) {
    this.#others = others;
  }

  shouldSample(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult {
    const run = runIn(context);
    if (run !== undefined) return run.ended ? afterEnd(run, context) : within(run, context);
    const conflict = conflictIn(context);
    if (conflict !== undefined && trace.getSpanContext(context) === undefined) return between(conflict);
    return isStartingAction()
      ? RECORDED
      : this.#others.shouldSample(context, traceId, spanName, spanKind, attributes, links);
  }

  toString(): string {
    return `RunSampler{${this.#others.toString()}}`;
  }
}

const RECORDED: SamplingResult = { decision: SamplingDecision.RECORD_AND_SAMPLED };

const within = (run: RunScope, context: Context): SamplingResult => {
  const inherited = trace.getSpanContext(context)?.traceState;
  if (inherited !== undefined) {
    if (inherited === run.carriedBy) return RECORDED;
    if (inherited.get(REFERENCE_KEY) === run.reference) {
      run.carriedBy = inherited;
      return RECORDED;
    }
  }
  return carrying(run.reference, inherited?.serialize());
};

const carrying = (reference: string, inherited = '', attributes?: Attributes): SamplingResult => ({
  decision: SamplingDecision.RECORD_AND_SAMPLED,
  traceState: new TraceState(withReference(inherited, reference)),
  ...(attributes === undefined ? {} : { attributes }),
});

/** The process names the run still, without its proof. */
const afterEnd = (run: RunScope, context: Context): SamplingResult =>
  carrying(unproven(run), trace.getSpanContext(context)?.traceState?.serialize(), {
    [WHENCE.attribution.key]: 'run_ended',
  });

/** Neither run: to choose one would be to guess. */
const between = (runIds: readonly string[]): SamplingResult => ({
  decision: SamplingDecision.RECORD_AND_SAMPLED,
  attributes: { [WHENCE.attribution.key]: 'conflict', [WHENCE.attributionRuns.key]: [...runIds] },
});
