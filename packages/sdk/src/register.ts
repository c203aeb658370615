/**
 * `node --import @whence/sdk/register app.js`: traces a process without a change to its code.
 */
import { isMainThread } from 'node:worker_threads';
import { traceChildProcesses } from './carriers/processes/child-processes.ts';
import { detachReceivedMessages } from './carriers/processes/received-messages.ts';
import { traceWorkerThreads } from './carriers/processes/worker-threads.ts';
import { messageOf } from './runs/failure.ts';
import { installed } from './startup/installed.ts';
import { hookEsModules } from './startup/module-hooks.ts';
import { loadedNow, tellFindings } from './startup/self-test.ts';
import { install } from './whence.ts';

const register = (): void => {
  const loadedBefore = loadedNow();
  const esModulesHooked = hookEsModules();
  const { config, notices, end, httpPatched, instrumentations } = install();
  const childProcesses = traceChildProcesses();
  const workerThreads = traceWorkerThreads();
  const messages = detachReceivedMessages();
  end.flushOnSignals();
  end.flushOnUncaught();
  if (!isMainThread) return;
  const builtIn = {
    http: httpPatched,
    fetch: true,
    child_process: childProcesses,
    worker_threads: workerThreads && messages,
  };
  const spansTo = config.tracesEndpoint;
  tellFindings({ builtIn, esModulesHooked, instrumentations, loadedBefore, spansTo }, notices);
};

if (installed() === undefined) {
  try {
    register();
  } catch (error) {
    process.stderr.write(`whence: could not be set up, nothing is traced: ${messageOf(error)}\n`);
  }
}
