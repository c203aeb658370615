import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { InstrumentationBase, InstrumentationNodeModuleDefinition } from '@opentelemetry/instrumentation';
import { patchOnce } from '../patching/patch-once.ts';
import type { CarrierSettings, TracedLibrary } from '../traced-library.ts';
import { type BullMqJob, type BullMqTelemetry, bullMqTelemetry, withJob } from './bullmq-telemetry.ts';

/** What is used of BullMQ's classes. */
interface BullMq {
  readonly QueueBase: { prototype: Queue };
  readonly Worker: {
    prototype: Queue & { run: Fn; processJob(job: BullMqJob, ...rest: unknown[]): unknown };
  };
  readonly QueueEvents: { prototype: { run: Fn } };
  readonly JobScheduler: { prototype: { upsertJobScheduler: Fn } };
  readonly FlowProducer: {
    prototype: Telemetered & {
      add(flow: FlowJob, ...rest: unknown[]): unknown;
      addBulk(flows: FlowJob[]): unknown;
    };
  };
  readonly ChildPool: { prototype: { retain: Fn } };
}

interface Queue {
  readonly opts: Telemetered;
  createBackend(): void;
}

interface FlowJob {
  readonly opts?: object;
  readonly children?: readonly FlowJob[];
}

interface Telemetered {
  telemetry?: BullMqTelemetry;
}

type Fn = (...args: never[]) => unknown;

/** Gives BullMQ its telemetry where the user gave none, and keeps its loops out of the runs that start them. */
class BullMqInstrumentation extends InstrumentationBase {
  readonly #settings: CarrierSettings;

  constructor(settings: CarrierSettings) {
    super('@whence/sdk/bullmq', '0.1.0', {});
    this.#settings = settings;
  }

  protected override init() {
    return new InstrumentationNodeModuleDefinition('bullmq', ['>=6 <7'], (exports: BullMq) => {
      const { config, notices } = this.#settings;
      patchOnce('bullmq', exports.QueueBase?.prototype, notices, () => {
        giveTelemetry(
          exports,
          bullMqTelemetry(() => this.tracer, config.statementValues),
        );
        keepApart(exports);
      });
      return exports;
    });
  }
}

/** All of them make their connection as soon as their options are read. */
const giveTelemetry = ({ QueueBase, Worker, FlowProducer }: BullMq, telemetry: BullMqTelemetry): void => {
  for (const queue of [QueueBase.prototype, Worker.prototype]) {
    const { createBackend } = queue;
    queue.createBackend = function () {
      this.opts.telemetry ??= telemetry;
      // A connection is nobody's, and so is what BullMQ asks the server over it before any job.
      return context.with(ROOT_CONTEXT, createBackend, this);
    };
  }
  const flows = FlowProducer.prototype;
  const { add, addBulk } = flows;
  flows.add = function (flow, ...rest) {
    this.telemetry ??= telemetry;
    return add.call(this, withOptions(flow), ...rest);
  };
  flows.addBulk = function (added) {
    this.telemetry ??= telemetry;
    return addBulk.call(this, added.map(withOptions));
  };
};

/** BullMQ gives no carrier to a job of a flow that has no options. */
const withOptions = (flow: FlowJob): FlowJob => ({
  ...flow,
  opts: flow.opts ?? {},
  ...(flow.children && { children: flow.children.map(withOptions) }),
});

/**
 * Outside of all runs: the loops of workers and of queue events, whoever starts them; the next tick of a schedule,
 * armed while some other job is being completed; processes and threads for sandboxed processors, which serve one job
 * after another.
 */
const keepApart = ({ Worker, QueueEvents, JobScheduler, ChildPool }: BullMq): void => {
  const worker = Worker.prototype;
  worker.run = outsideOfRuns(worker.run);
  QueueEvents.prototype.run = outsideOfRuns(QueueEvents.prototype.run);
  ChildPool.prototype.retain = outsideOfRuns(ChildPool.prototype.retain);
  const { processJob } = worker;
  worker.processJob = function (job, ...rest) {
    return context.with(withJob(ROOT_CONTEXT, job), processJob, this, job, ...rest);
  };
  const scheduler = JobScheduler.prototype;
  const { upsertJobScheduler } = scheduler;
  const next = outsideOfRuns(upsertJobScheduler);
  scheduler.upsertJobScheduler = function (this: unknown, ...args: never[]) {
    const isNext = (args.at(-1) as { override?: boolean } | undefined)?.override === false;
    return (isNext ? next : upsertJobScheduler).apply(this, args);
  };
};

const outsideOfRuns = (fn: Fn): Fn =>
  function (this: unknown, ...args) {
    return context.with(ROOT_CONTEXT, fn, this, ...args);
  };

export const bullmq: TracedLibrary = {
  packages: ['bullmq'],
  instrumentation: (settings) => new BullMqInstrumentation(settings),
};
