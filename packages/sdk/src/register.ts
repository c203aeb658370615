/**
 * `node --import @whence/sdk/register app.js`: traces a process without a change to its code.
 */
import { isMainThread } from 'node:worker_threads';
import { traceChildProcesses } from './carriers/processes/child-processes.ts';
import { messageOf } from './runs/failure.ts';
import { hookEsModules } from './startup/module-hooks.ts';
import { tellFindings } from './startup/self-test.ts';
import { install, installed } from './whence.ts';

const register = (): void => {
  const esModulesHooked = hookEsModules();
  const { config, notices, end, httpPatched, instrumentations } = install();
  const childProcesses = traceChildProcesses();
  end.flushOnSignals();
  end.flushOnUncaught();
  if (!isMainThread) return;
  const builtIn = { http: httpPatched, fetch: true, child_process: childProcesses };
  tellFindings({ builtIn, esModulesHooked, instrumentations, spansTo: config.tracesEndpoint }, notices);
};

if (installed() === undefined) {
  try {
    register();
  } catch (error) {
    process.stderr.write(`whence: could not be set up, nothing is traced: ${messageOf(error)}\n`);
  }
}
