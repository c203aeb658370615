import { ChildProcess } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { BroadcastChannel, MessagePort } from 'node:worker_threads';
import { detach } from '../../runs/run-context.ts';

/** Node's own, for all event targets of its own; a message port is handed each message through it. */
const DISPATCH = Symbol.for('nodejs.internal.kHybridDispatch');

/**
 * What a message from another thread or process brings about is nobody's, until `causedBy` says whose. Without this it
 * would be done in the run that started the thread, forked the process or made the port: of all tasks that a pool of
 * them does, in the run that happened to make the pool.
 *
 * @returns whether messages are received so
 */
export const detachReceivedMessages = (): boolean => {
  detachEmitter(process);
  detachEmitter(ChildProcess.prototype);
  return [MessagePort.prototype, BroadcastChannel.prototype].map(detachTarget).every(Boolean);
};

type Method = (this: unknown, ...args: unknown[]) => unknown;

const detached = (own: Method): Method =>
  function (this: unknown, ...args) {
    return detach(() => own.apply(this, args));
  };

const detachTarget = (target: object): boolean => {
  const dispatch = (target as Record<symbol, Method | undefined>)[DISPATCH];
  if (typeof dispatch !== 'function') return false;
  Object.defineProperty(target, DISPATCH, { configurable: true, writable: true, value: detached(dispatch) });
  return true;
};

const detachEmitter = (emitter: EventEmitter): void => {
  const emit = emitter.emit as Method;
  const detachedEmit = detached(emit);
  const value = function (this: unknown, ...args: unknown[]): unknown {
    return (args[0] === 'message' ? detachedEmit : emit).apply(this, args);
  };
  Object.defineProperty(emitter, 'emit', { configurable: true, writable: true, value });
};
