/**
 * `node --import @whence/sdk/register app.js`: traces a process without a change to its code.
 */
import { traceChildProcesses } from './child-processes.ts';
import { hookEsModules } from './module-hooks.ts';
import { flushOnSignals, flushOnUncaught } from './process-end.ts';
import { install, installed } from './whence.ts';

if (installed() === undefined) {
  const hooked = hookEsModules();
  const { config, notices, pipeline, httpPatched } = install();
  const children = traceChildProcesses();
  flushOnSignals(pipeline);
  flushOnUncaught(pipeline);

  const parts = {
    http: httpPatched,
    undici: true,
    'grpc and pg in ES modules': hooked,
    child_process: children,
  };
  const named = (traced: boolean): string =>
    Object.entries(parts)
      .filter(([, works]) => works === traced)
      .map(([part]) => part)
      .join(', ');
  const untraced = named(false);
  const text = `tracing ${named(true)}${untraced === '' ? '' : `; NOT ${untraced}`}`;
  if (untraced === '') notices.info(`${text}; spans to ${config.tracesEndpoint}`);
  else notices.warn(text);
}
