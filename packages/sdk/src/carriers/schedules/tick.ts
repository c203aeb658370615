import { basename } from 'node:path';
import { action } from '../../runs/action.ts';
import { RunRefused } from '../../runs/run-refused.ts';
import { installed } from '../../startup/installed.ts';
import type { CauseElsewhere } from '../caused-by.ts';
import { calledByTimer, inTick, registrar } from './timer-context.ts';

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

const ticks = new WeakSet<object>();

/** Functions that begin a run with each call themselves. */
export const markAsTick = (fn: object): void => {
  ticks.add(fn);
};

export const isTick = (fn: unknown): boolean => typeof fn === 'function' && ticks.has(fn);

/**
 * A scheduler's function, each call of which by the scheduler's timer is a run of `job`, linked to who registered it.
 * A call by hand (`job.trigger()`) is the caller's, as ever.
 *
 * @param job asked for with each tick: a name may be given late
 */
export const ticking = <F>(fn: F, job: () => string): F => {
  if (typeof fn !== 'function' || isTick(fn)) return fn;
  const own = fn as unknown as AnyFunction;
  const cause = registrar();
  const ticked: AnyFunction = function (this: unknown, ...args) {
    return calledByTimer() ? tick(job(), cause, () => own.apply(this, args)) : own.apply(this, args);
  };
  Object.defineProperties(ticked, { name: { value: own.name }, length: { value: own.length } });
  markAsTick(ticked);
  return ticked as unknown as F;
};

/**
 * One tick, which nobody asked to be allowed: where the issuer says no, it is done all the same, as an action that
 * nobody is named for, and the refusal is said. Settles as `fn` does.
 */
export const tick = (job: string, cause: CauseElsewhere | undefined, fn: () => unknown): unknown => {
  const set = installed();
  if (set === undefined) return inTick(cause, fn);
  return inTick(cause, async () => {
    let begun = false;
    try {
      return await set.whence.run({ job, trigger: 'schedule' }, () => {
        begun = true;
        return fn();
      });
    } catch (error) {
      if (begun || !(error instanceof RunRefused)) throw error;
      set.notices.warnOnce(
        `tick ${job}`,
        `the issuer refused a run of ${JSON.stringify(job)} (${error.message}): its ticks are actions of nobody`,
      );
      return action(job, {}, fn);
    }
  });
};

/** What an issuer takes: 200 characters, none of them invisible. */
const JOB_MAX_LENGTH = 200;

/** The name it was given, or else the program and the pattern: `app.js 0 2 * * *`. */
export const jobName = (name: unknown, pattern: unknown): string => {
  const program = basename(process.argv[1] ?? 'node');
  const text = typeof name === 'string' && name !== '' ? name : `${program} ${patternText(pattern)}`;
  return text.slice(0, JOB_MAX_LENGTH).replace(/[\p{C}\p{Z}]/gu, ' ');
};

const patternText = (pattern: unknown): string => {
  if (typeof pattern === 'string') return pattern;
  return pattern instanceof Date ? 'once' : 'schedule';
};
