import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Method } from './patched-method.ts';

/**
 * Does `fn` in nobody's context. For what a library keeps for later callers (a connection, its socket and timers): events
 * that it emits would otherwise run in the run that happened to need it first.
 */
export const outsideRuns = <T>(fn: () => T): T => context.with(ROOT_CONTEXT, fn);

/** A callback that runs where it was given, whoever calls it; also where nothing is active. */
export const boundHere = <T>(callback: T): T =>
  typeof callback === 'function' ? context.bind(context.active(), callback) : callback;

/** The arguments with their last function bound here. */
export const withBoundCallback = (args: readonly unknown[]): unknown[] => {
  const at = args.findLastIndex((each) => typeof each === 'function');
  return at < 0 ? [...args] : args.with(at, boundHere(args[at]));
};

/** A method that makes what later callers share, in nobody's context; its callback runs where it was given. */
export const madeOutside = (original: Method): Method =>
  Object.defineProperty(
    function made(this: unknown, ...given: unknown[]): unknown {
      const args = withBoundCallback(given);
      return outsideRuns(() => original.apply(this, args));
    },
    'length',
    { value: original.length, configurable: true },
  );
