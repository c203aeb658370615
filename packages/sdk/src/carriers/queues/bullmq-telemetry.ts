import {
  type Context,
  context,
  createContextKey,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { runIn, withoutRun } from '../../runs/run-scope.ts';
import { causeIn, causeOf, effectOf } from '../caused-by.ts';
import { BullMqSpan, type TelemetrySpan, UNTRACED } from './bullmq-span.ts';
import { attemptOf } from './consumer-tracer.ts';
import { linkTo } from './deliveries.ts';

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
  readonly attemptsMade: number;
  readonly repeatJobKey?: string;
}

const JOB = createContextKey('whence bullmq job');

/** The context in which a worker processes a job. */
export const withJob = (around: Context, job: BullMqJob): Context => around.setValue(JOB, job);

const jobIn = (around: Context): BullMqJob | undefined => around.getValue(JOB) as BullMqJob | undefined;

/**
 * What BullMQ asks of its telemetry. A job's work is a new trace in the run that added it, linked to that; of another
 * attempt, linked to the one before. A tick of a schedule is linked to who armed it, and nobody's (see `tickOf`).
 *
 * @param keepsResults whether what processors return is recorded
 */
export const bullMqTelemetry = (tracer: () => Tracer, keepsResults: boolean): BullMqTelemetry => ({
  tracer: {
    startSpan: (name, { kind } = { kind: SpanKind.INTERNAL }, from?: Context) => {
      const active = context.active();
      if (kind === SpanKind.CONSUMER) {
        const made = attemptOf((jobIn(active)?.attemptsMade ?? 0) + 1);
        const span = tracer().startSpan(
          name,
          { kind, attributes: made },
          from ?? effectOf(undefined, active),
        );
        return new BullMqSpan(span, keepsResults);
      }
      if (kind === SpanKind.INTERNAL && isByItself(active)) return UNTRACED;
      const cause = from === undefined ? undefined : causeIn(from);
      const links = cause === undefined ? [] : [linkTo(cause)];
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
      const job = jobIn(active);
      const around = active.deleteValue(JOB);
      const source = { opts: { telemetry: { metadata } } };
      if (job !== undefined && job.attemptsMade > 0) return effectOf(causeOf(source, 'retry'), around);
      if (job?.repeatJobKey === undefined) return effectOf(causeOf(source, 'message'), around);
      return withoutRun(effectOf(causeOf(source, 'schedule'), around));
    },
  },
});

/** What no code of the host's has asked for: renewed locks, looks for stalled jobs. */
const isByItself = (active: Context): boolean =>
  trace.getSpan(active) === undefined && runIn(active) === undefined;
