import {
  type Attributes,
  context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { recordFailure } from '../../runs/failure.ts';
import { withRun } from '../../runs/run-scope.ts';
import { effectOf, withoutCause } from '../caused-by.ts';
import { messageCause, tickOf } from '../message-cause.ts';
import { attemptOf } from './consumer-tracer.ts';
import { agreedRun, type Deliveries, linksToAll } from './deliveries.ts';
import { takeUp } from './taken-up.ts';

interface BossJob {
  readonly id: string;
  readonly data: object | null;
  /** Where the user has asked for metadata. */
  readonly retryCount?: number;
}

export type BossHandler = (this: unknown, jobs: readonly BossJob[], ...rest: unknown[]) => unknown;

/**
 * One job is done in its run. Several are received together, in their run where all are of the same one and otherwise
 * in nobody's, with a span for each of them, which `eachCaused` does its work in.
 */
export const inRunsOf = (queue: string, handler: BossHandler, tracer: () => Tracer): BossHandler =>
  function (jobs, ...rest) {
    if (!Array.isArray(jobs)) return handler.call(this, jobs, ...rest);
    const spans = jobs.map((job) => startJob(queue, job, tracer()));
    jobs.forEach((job, index) => void takeUp(job, spans[index]!));
    if (jobs.length === 1) {
      const within = withoutCause(tickOf(jobs[0], effectOf(messageCause(jobs[0]), ROOT_CONTEXT)));
      return ended(spans, () => context.with(trace.setSpan(within, spans[0]!), handler, this, jobs, ...rest));
    }
    const received = startReceived(queue, jobs, tracer());
    return ended([received, ...spans], () =>
      context.with(trace.setSpan(ROOT_CONTEXT, received), handler, this, jobs, ...rest),
    );
  };

const startJob = (queue: string, job: BossJob, tracer: Tracer): Span =>
  tracer.startSpan(
    `process ${queue}`,
    {
      kind: SpanKind.CONSUMER,
      attributes: {
        ...named(queue, 'process'),
        'messaging.message.id': job.id,
        ...attemptOf(job.retryCount === undefined ? undefined : job.retryCount + 1),
      },
    },
    tickOf(job, effectOf(messageCause(job), ROOT_CONTEXT)),
  );

const startReceived = (queue: string, jobs: readonly BossJob[], tracer: Tracer): Span => {
  const deliveries: Deliveries = new Map(jobs.map((job) => [job.id, { cause: messageCause(job) }]));
  const run = agreedRun(deliveries);
  return tracer.startSpan(
    `receive ${queue}`,
    {
      kind: SpanKind.CLIENT,
      links: linksToAll(deliveries),
      attributes: { ...named(queue, 'receive'), 'messaging.batch.message_count': jobs.length },
    },
    run === undefined ? ROOT_CONTEXT : withRun(ROOT_CONTEXT, run),
  );
};

const named = (queue: string, operation: string): Attributes => ({
  'messaging.system': 'pg-boss',
  'messaging.destination.name': queue,
  'messaging.operation.name': operation,
  'messaging.operation.type': operation,
});

const ended = async (spans: readonly Span[], handle: () => unknown): Promise<unknown> => {
  try {
    return await handle();
  } catch (error) {
    for (const span of spans) recordFailure(span, error);
    throw error;
  } finally {
    for (const span of spans) span.end();
  }
};
