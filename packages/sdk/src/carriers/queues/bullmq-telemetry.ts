import {
  type Context,
  context,
  createContextKey,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { runIn } from '../../runs/run-scope.ts';
import { causeIn, effectOf, linksTo } from '../caused-by.ts';
import { messageCause, tickOf } from '../message-cause.ts';
import { BullMqSpan, type TelemetrySpan, UNTRACED } from './bullmq-span.ts';
import { attemptOf } from './consumer-tracer.ts';
import { LastAttempts } from './last-attempts.ts';

/** BullMQ's `Telemetry`. */
export interface BullMqTelemetry {
  readonly tracer: {
    startSpan(name: string, options?: { kind: SpanKind }, from?: Context): TelemetrySpan;
  };
  readonly contextManager: {
    with<T>(within: Context, fn: () => T): T;
    active(): Context;
    root(): Context;
    getMetadata(within: Context): string;
    fromMetadata(active: Context, metadata: string): Context;
  };
}

export interface BullMqJob {
  readonly id?: string;
  readonly queueQualifiedName: string;
  readonly attemptsMade: number;
  readonly repeatJobKey?: string;
  readonly opts?: { readonly attempts?: number };
}

const JOB = createContextKey('whence bullmq job');

/** The context in which a worker processes a job. */
export const withJob = (around: Context, job: BullMqJob): Context => around.setValue(JOB, job);

const jobIn = (around: Context): BullMqJob | undefined => around.getValue(JOB) as BullMqJob | undefined;

/**
 * What BullMQ asks of its telemetry. A job's work is a new trace in the run that added it, linked to that, and another
 * attempt to the one before too. A tick of a schedule is linked to who armed it, and nobody's (see `tickOf`).
 *
 * @param keepsResults whether what processors return is recorded
 */
export const bullMqTelemetry = (tracer: () => Tracer, keepsResults: boolean): BullMqTelemetry => {
  const attempts = new LastAttempts();

  const startProcessing = (name: string, job: BullMqJob | undefined, within: Context): Span => {
    const kind = SpanKind.CONSUMER;
    if (job === undefined) return tracer().startSpan(name, { kind }, within);
    const key = `${job.queueQualifiedName}:${job.id}`;
    const links = job.attemptsMade > 0 ? attempts.linksTo(key) : [];
    const span = tracer().startSpan(
      name,
      { kind, links, attributes: attemptOf(job.attemptsMade + 1) },
      within,
    );
    if ((job.opts?.attempts ?? 1) > 1) attempts.made(key, span.spanContext());
    return span;
  };

  return {
    tracer: {
      startSpan: (name, { kind } = { kind: SpanKind.INTERNAL }, from) => {
        const active = context.active();
        if (kind === SpanKind.CONSUMER) {
          const within = from ?? effectOf(undefined, active);
          return new BullMqSpan(startProcessing(name, jobIn(active), within), keepsResults);
        }
        if (kind === SpanKind.INTERNAL && isByItself(active)) return UNTRACED;
        const cause = from === undefined ? undefined : causeIn(from);
        const links = linksTo(cause);
        return new BullMqSpan(tracer().startSpan(name, { kind, links }, active), keepsResults);
      },
    },
    contextManager: {
      with: (within, fn) => context.with(within, fn),
      active: () => context.active(),
      root: () => ROOT_CONTEXT,
      getMetadata: (within) => {
        const carried = {};
        propagation.inject(within, carried);
        return JSON.stringify(carried);
      },
      fromMetadata: (active, metadata) => {
        const message = { repeatJobKey: jobIn(active)?.repeatJobKey, opts: { telemetry: { metadata } } };
        return tickOf(message, effectOf(messageCause(message), active.deleteValue(JOB)));
      },
    },
  };
};

/** What no code of the host's has asked for: renewed locks, looks for stalled jobs. */
const isByItself = (active: Context): boolean =>
  trace.getSpan(active) === undefined && runIn(active) === undefined;
