import type { EventEmitter } from 'node:events';
import { context } from '@opentelemetry/api';
import { reconcile } from './conflict.ts';

type Listener = ((this: unknown, ...args: unknown[]) => void) & { listener?: Listener };
type Add = (event: string | symbol, listener: Listener) => EventEmitter;

export const isEmitter = (target: object): target is EventEmitter =>
  ['on', 'emit', 'removeListener'].every(
    (name) => typeof (target as Record<string, unknown>)[name] === 'function',
  );

/** Listeners that are added from now on are called in a context that the adder and the emitter agree on. */
export const guardEmitter = <E extends EventEmitter>(emitter: E): E => {
  const methods = emitter as unknown as Record<string, Add>;
  for (const [name, onceName] of [
    ['on', 'once'],
    ['addListener', undefined],
    ['prependListener', 'prependOnceListener'],
  ] as const) {
    const add = methods[name]!;
    methods[name] = (event, listener) => add.call(emitter, event, guarded(listener));
    if (onceName === undefined) continue;
    methods[onceName] = (event, listener) => {
      const call = guarded(listener);
      const once: Listener = function (this: unknown, ...args) {
        emitter.removeListener(event, once);
        call.apply(this, args);
      };
      once.listener = listener;
      return add.call(emitter, event, once);
    };
  }
  return emitter;
};

/** `listener` is how Node finds the one that `removeListener` names. */
const guarded = (listener: Listener): Listener => {
  const asked = context.active();
  const call: Listener = function (this: unknown, ...args) {
    return context.with(reconcile(asked, context.active()), listener, this, ...args);
  };
  call.listener = listener;
  return call;
};
