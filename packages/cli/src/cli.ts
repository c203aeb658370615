import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { CliError, EXIT_CODES } from './cli-error.ts';
import { defineKey } from './commands/key.ts';
import { defineRetention } from './commands/retention.ts';
import { defineRun } from './commands/run.ts';
import { defineTree } from './commands/tree.ts';
import { defineUp } from './commands/up.ts';
import { defineWho } from './commands/who.ts';
import type { Host } from './host.ts';
import { plainText } from './render/plain-text.ts';

/**
 * Adds a command to the program. Its action throws `CliError` where it fails, and calls `exitWith` where it ends with
 * a code of its own.
 */
export type DefineCommand = (program: Command, host: Host, exitWith: (code: number) => void) => void;

/** In the order of `whence --help`. */
const COMMANDS: readonly DefineCommand[] = [
  defineUp,
  defineRun,
  defineWho,
  defineTree,
  defineRetention,
  defineKey,
];

/** @param args without the interpreter and the program @returns the exit code; never rejects */
export const runCli = async (args: readonly string[], host: Host): Promise<number> => {
  let code = 0;
  const program = new Command('whence')
    .description(
      'Who caused this? Causal tracing for service accounts, scheduled jobs, CI runners and AI agents.',
    )
    .version((createRequire(import.meta.url)('../package.json') as { version: string }).version)
    .configureOutput({
      writeOut: host.out,
      writeErr: host.err,
      outputError: (text, write) => write(`whence: ${text.replace(/^error: /, '')}`),
      getOutHasColors: () => host.colours,
      getErrHasColors: () => false,
    })
    .enablePositionalOptions()
    .exitOverride();
  for (const define of COMMANDS) define(program, host, (chosen) => (code = chosen));
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return codeOf(error, host);
  }
};

const codeOf = (error: unknown, host: Host): number => {
  // It has said already what is wrong. Help that was asked for has code 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.usage;
  host.err(`whence: ${plainText(error instanceof Error ? error.message : String(error))}\n`);
  return error instanceof CliError ? error.exitCode : EXIT_CODES.failed;
};
