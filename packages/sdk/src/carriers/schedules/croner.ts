import {
  InstrumentationBase,
  InstrumentationNodeModuleDefinition,
  isWrapped,
} from '@opentelemetry/instrumentation';
import type { TracedLibrary } from '../traced-library.ts';
import { jobName, ticking } from './tick.ts';
import { armingTimers } from './timer-context.ts';

/** A tick never runs in the context of whoever made the schedule: it is a run of the schedule's name, linked to it. */
export const croner: TracedLibrary = {
  packages: ['croner'],
  instrumentation: () => new CronerInstrumentation(),
};

interface Cron {
  fn?: unknown;
  readonly name?: string;
  getPattern?(): string | undefined;
  schedule(fn?: unknown): Cron;
}

class CronerInstrumentation extends InstrumentationBase {
  constructor() {
    super('@whence/sdk/croner', '0.1.0', {});
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    return new InstrumentationNodeModuleDefinition(
      'croner',
      ['>=6 <12'],
      (exports: { Cron?: { prototype: Cron } }) => {
        const prototype = exports.Cron?.prototype;
        if (typeof prototype?.schedule === 'function' && !isWrapped(prototype.schedule)) {
          this._wrap(prototype, 'schedule', patchSchedule);
        }
        return exports;
      },
    );
  }
}

/** The constructor calls it too, after it has set `fn`. */
const patchSchedule = (schedule: Cron['schedule']): Cron['schedule'] =>
  function (this: Cron, fn?: unknown): Cron {
    const job = (): string => jobName(this.name, this.getPattern?.() ?? new Date());
    if (fn === undefined && this.fn !== undefined) this.fn = ticking(this.fn, job);
    const ticked = ticking(fn, job);
    return armingTimers(() => schedule.call(this, ticked));
  };
