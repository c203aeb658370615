import { context, ROOT_CONTEXT } from '@opentelemetry/api';

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
