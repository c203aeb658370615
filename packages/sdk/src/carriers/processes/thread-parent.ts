import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import { context } from '@opentelemetry/api';
import { type Carrier, carrierOf, withCarrier } from '../carrier.ts';

/** Of environment data, which Node clones into each worker thread, and which nobody sees who does not ask for it. */
const PARENT = 'whence.parent';

/** Does `start`, which starts a worker thread, so that the thread finds the caller's span and run. */
export const startingThread = <T>(start: () => T): T => {
  const before = getEnvironmentData(PARENT);
  setEnvironmentData(PARENT, { ...carrierOf(context.active()) });
  try {
    return start();
  } finally {
    setEnvironmentData(PARENT, before);
  }
};

/** The environment as this thread is to see its parent in it: what started the thread, not what started the process. */
export const threadEnvironment = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  if (isMainThread) return env;
  const parent: unknown = getEnvironmentData(PARENT);
  return isCarrier(parent) ? withCarrier(env, parent) : env;
};

const isCarrier = (value: unknown): value is Carrier =>
  typeof (value as Partial<Carrier> | undefined)?.traceparent === 'string';
