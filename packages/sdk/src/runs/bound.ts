import { type Context, context } from '@opentelemetry/api';
import { reconcile } from './conflict.ts';
import { guardEmitter, isEmitter } from './guarded-emitter.ts';

/**
 * For what is called back later by a pool, a queue or an emitter, in whatever context releases it: `target` belongs to
 * the run and span that are active now.
 *
 * @param target a function; an emitter (its listeners); a lazy thenable such as a query builder; an async iterator
 */
export const bind = <T extends object>(target: T): T => {
  const bound = context.active();
  return isEmitter(target) ? context.bind(bound, target) : calledIn(target, () => bound);
};

/**
 * As `bind`, where it is not certain whose work it is: the run that is active now is compared with the one in which
 * `target` is called (for an emitter: the run in which a listener is added with the one in which it is called). Where
 * they differ, neither is named, and the record says `conflict`.
 */
export const guard = <T extends object>(target: T): T => {
  if (isEmitter(target)) return guardEmitter(target);
  const asked = context.active();
  return calledIn(target, (active) => reconcile(asked, active));
};

type Choose = (active: Context) => Context;

const calledIn = <T extends object>(target: T, choose: Choose): T =>
  typeof target === 'function' ? functionIn(target, choose) : lazyIn(target, choose);

const functionIn = <F extends object>(fn: F, choose: Choose): F => {
  const call = fn as unknown as (this: unknown, ...args: unknown[]) => unknown;
  function inItsContext(this: unknown, ...args: unknown[]): unknown {
    return context.with(choose(context.active()), call, this, ...args);
  }
  Object.defineProperty(inItsContext, 'length', { value: call.length });
  Object.defineProperty(inItsContext, 'name', { value: call.name });
  return inItsContext as unknown as F;
};

/** What makes a lazy object do its work. */
const STARTERS: ReadonlySet<unknown> = new Set(['then', 'catch', 'finally', 'next', 'return', 'throw']);
const ITERATORS: ReadonlySet<unknown> = new Set([Symbol.asyncIterator, Symbol.iterator]);

const lazyIn = <T extends object>(lazy: T, choose: Choose): T =>
  new Proxy(lazy, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      const method = value.bind(target) as (...args: unknown[]) => unknown;
      if (STARTERS.has(property)) return functionIn(method, choose);
      if (ITERATORS.has(property)) return () => lazyIn(method() as object, choose);
      return method;
    },
  });
