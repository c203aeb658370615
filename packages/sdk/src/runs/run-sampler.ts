import { type Attributes, type Context, type Link, type SpanKind, trace } from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';
import { type Sampler, SamplingDecision, type SamplingResult } from '@opentelemetry/sdk-trace';
import { REFERENCE_KEY, withReference } from '@whence/model';
import { runIn } from './run-scope.ts';

/**
 * Puts the run's reference into `tracestate` where the parent span does not carry it: on the root spans of a run, and
 * on the first spans of a run nested in another. Children inherit it by themselves.
 *
 * What a run does is never sampled out. Spans outside of any run are left to `others`.
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
    if (run === undefined) {
      return this.#others.shouldSample(context, traceId, spanName, spanKind, attributes, links);
    }
    const inherited = trace.getSpanContext(context)?.traceState;
    if (inherited?.get(REFERENCE_KEY) === run.reference) return RECORDED;
    return {
      decision: SamplingDecision.RECORD_AND_SAMPLED,
      traceState: new TraceState(withReference(inherited?.serialize() ?? '', run.reference)),
    };
  }

  toString(): string {
    return `RunSampler{${this.#others.toString()}}`;
  }
}

const RECORDED: SamplingResult = { decision: SamplingDecision.RECORD_AND_SAMPLED };
