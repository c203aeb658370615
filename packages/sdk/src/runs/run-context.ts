import { type Context, context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { CurrentRun } from './active-run.ts';
import { scopeOf, withRun } from './run-scope.ts';

/** A context in that run and nothing else; without any run where the reference is malformed. */
export const contextOf = ({ reference }: CurrentRun): Context => {
  const scope = scopeOf(reference);
  return scope === undefined ? ROOT_CONTEXT : withRun(ROOT_CONTEXT, scope);
};

/**
 * Calls `fn` outside of any run, span and baggage: for what is set up once and serves everybody (a pool, a cache, a
 * background timer), which otherwise goes on for ever in the run that happened to need it first.
 */
export const detach = <T>(fn: () => T): T => context.with(ROOT_CONTEXT, fn);
