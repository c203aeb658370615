/**
 * `node --import @whence/sdk/register app.js`: traces a process without a change to its code.
 */
import { isMainThread } from 'node:worker_threads';
import { traceChildProcesses } from './carriers/processes/child-processes.ts';
import { messageOf } from './runs/failure.ts';
import { type Installed, installed } from './startup/installed.ts';
import { hookEsModules } from './startup/module-hooks.ts';
import { install } from './whence.ts';

const register = (): void => {
  const hooked = hookEsModules();
  const set = install();
  const children = traceChildProcesses();
  set.end.flushOnSignals();
  set.end.flushOnUncaught();
  if (isMainThread)
    tell(set, { http: set.httpPatched, undici: true, [PACKAGES]: hooked, child_process: children });
};

const PACKAGES = 'grpc and pg in ES modules';

/** One line: what is traced and, should it be so, what is not. */
const tell = ({ config, notices }: Installed, parts: Readonly<Record<string, boolean>>): void => {
  const [traced, untraced] = [true, false].map((worked) =>
    Object.keys(parts).filter((part) => parts[part] === worked),
  );
  const text = `tracing ${traced!.join(', ')}`;
  if (untraced!.length === 0) notices.info(`${text}; spans to ${config.tracesEndpoint}`);
  else notices.warn(`${text}; NOT ${untraced!.join(', ')}`);
};

if (installed() === undefined) {
  try {
    register();
  } catch (error) {
    process.stderr.write(`whence: could not be set up, nothing is traced: ${messageOf(error)}\n`);
  }
}
