import {
  InstrumentationBase,
  InstrumentationNodeModuleDefinition,
  isWrapped,
} from '@opentelemetry/instrumentation';
import type { CauseElsewhere } from '../caused-by.ts';
import type { TracedLibrary } from '../traced-library.ts';
import { isTick, jobName, tick } from './tick.ts';
import { armingTimers, calledByTimer, registrar } from './timer-context.ts';

/** A tick never runs in the context of whoever made the schedule: it is a run of the job's name, linked to it. */
export const nodeSchedule: TracedLibrary = {
  packages: ['node-schedule'],
  instrumentation: () => new NodeScheduleInstrumentation(),
};

type Method = (this: Job, ...args: unknown[]) => unknown;

interface Job {
  readonly name: string;
  readonly job: unknown;
  schedule: Method;
  invoke: Method;
  cancel: Method;
  cancelNext: Method;
  reschedule: Method;
}

/** All jobs share one timer, so what re-arms it for one job may arm another one's. */
const REARMING = ['cancel', 'cancelNext', 'reschedule'] as const;
const ANONYMOUS = /^<Anonymous Job /;

class NodeScheduleInstrumentation extends InstrumentationBase {
  constructor() {
    super('@whence/sdk/node-schedule', '0.1.0', {});
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    return new InstrumentationNodeModuleDefinition(
      'node-schedule',
      ['>=2 <3'],
      (exports: { Job?: { prototype: Job }; default?: { Job?: { prototype: Job } } }) => {
        const prototype = (exports.Job ?? exports.default?.Job)?.prototype;
        if (typeof prototype?.schedule === 'function' && !isWrapped(prototype.schedule)) {
          this._wrap(prototype, 'schedule', patchSchedule);
          this._wrap(prototype, 'invoke', patchInvoke);
        }
        return exports;
      },
    );
  }
}

interface Registration {
  readonly cause: CauseElsewhere | undefined;
  readonly pattern: unknown;
}

const registrations = new WeakMap<Job, Registration>();

const patchSchedule = (schedule: Method): Method =>
  function (this: Job, spec, ...rest) {
    if (!registrations.has(this)) for (const name of REARMING) arm(this, name);
    registrations.set(this, { cause: registrar(), pattern: spec });
    return armingTimers(() => schedule.call(this, spec, ...rest));
  };

const arm = (job: Job, name: (typeof REARMING)[number]): void => {
  const own = job[name];
  if (typeof own !== 'function') return;
  job[name] = function (this: Job, ...args) {
    return armingTimers(() => own.apply(this, args));
  };
};

const patchInvoke = (invoke: Method): Method =>
  function (this: Job, ...args) {
    const registration = registrations.get(this);
    if (registration === undefined || !calledByTimer() || isTick(this.job)) return invoke.apply(this, args);
    const name = ANONYMOUS.test(this.name) ? undefined : this.name;
    return tick(jobName(name, registration.pattern), registration.cause, () => invoke.apply(this, args));
  };
