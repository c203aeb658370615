import type { EventEmitter } from 'node:events';
import { type Context, context } from '@opentelemetry/api';

type Listener = ((...args: unknown[]) => void) & { listener?: unknown };
type ListenerMethod = (event: string | symbol, listener: Listener) => EventEmitter;

const ADDING = ['addListener', 'on', 'once', 'prependListener', 'prependOnceListener'] as const;
const REMOVING = ['removeListener', 'off'] as const;

/**
 * Listeners that are added to `emitter` from now on are called in `below`. The http instrumentation has bound the
 * emitter to the server's span, and OpenTelemetry's context manager binds each emitter only once.
 */
export const listenersBelow = (emitter: EventEmitter, below: Context): void => {
  const bound = new WeakMap<Listener, Listener>();
  const methods = emitter as unknown as Record<string, ListenerMethod>;
  for (const name of ADDING) {
    const add = methods[name]!;
    methods[name] = function (event, listener) {
      // `once` adds a wrapper of its own, of what is bound already.
      if (typeof listener !== 'function' || listener.listener !== undefined) {
        return add.call(this, event, listener);
      }
      const inBelow = bound.get(listener) ?? context.bind(below, listener);
      bound.set(listener, inBelow);
      return add.call(this, event, inBelow);
    };
  }
  for (const name of REMOVING) {
    const remove = methods[name]!;
    methods[name] = function (event, listener) {
      return remove.call(this, event, bound.get(listener) ?? listener);
    };
  }
};
