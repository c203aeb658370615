import type { RunFunction } from '../../runs/run.ts';
import type { RunOptions } from '../../runs/run-options.ts';
import { markAsTick } from './tick.ts';
import { inTick, registrar } from './timer-context.ts';

/**
 * A function to hand to a scheduler or a timer. Each call is a run of its own with the trigger `schedule`, at the root:
 * never inside the run or the trace of whoever called `scheduled`, but linked to it. Calls that overlap are runs that
 * overlap. Arguments, `this`, results and errors pass as they are; the run is `current()`.
 *
 * The promise that a call returns rejects with `RunRefused` where the issuer says no; `fn` is then not called.
 */
export type ScheduledFunction = <A extends unknown[], T>(
  options: Omit<RunOptions, 'trigger'>,
  fn: (...args: A) => T | Promise<T>,
) => (...args: A) => Promise<T>;

export const scheduledBy =
  (run: RunFunction): ScheduledFunction =>
  <A extends unknown[], T>(options: Omit<RunOptions, 'trigger'>, fn: (...args: A) => T | Promise<T>) => {
    const cause = registrar();
    const tick = function (this: unknown, ...args: A): Promise<T> {
      return inTick(cause, () => run({ ...options, trigger: 'schedule' }, () => fn.apply(this, args)));
    };
    markAsTick(tick);
    return tick;
  };
