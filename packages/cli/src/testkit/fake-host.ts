import type { Host } from '../host.ts';

/** A process without a terminal, whose output is kept. */
export const fakeHost = (
  env: NodeJS.ProcessEnv = {},
): Host & { readonly stdout: () => string; readonly stderr: () => string } => {
  let out = '';
  let err = '';
  return {
    env,
    out: (text) => (out += text),
    err: (text) => (err += text),
    columns: undefined,
    colours: false,
    interactive: false,
    stdout: () => out,
    stderr: () => err,
  };
};
