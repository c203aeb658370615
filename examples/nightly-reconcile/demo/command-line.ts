import { parseArgs } from 'node:util';

export interface DemoOptions {
  /** End after the answer, instead of leaving everything up. */
  readonly once: boolean;
  /** Print the answer as one JSON object, the last line of stdout. */
  readonly json: boolean;
  readonly help: boolean;
}

export const USAGE = `usage: npm run demo -- [--once] [--json]

A nightly job makes five things happen elsewhere: a statement, an HTTP call, a queued job, a child process and a gRPC
call. Who caused the deepest UPDATE? Everything runs on this machine, on free ports, in a directory of its own.

  --once   end after the answer; otherwise everything stays up until Ctrl-C
  --json   the last line of stdout is one JSON object { run, actions, who, elapsedMs }; all else goes to stderr
  --help   this text`;

/** @throws TypeError where an option is unknown */
export const readCommandLine = (args: readonly string[]): DemoOptions => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return values;
};
