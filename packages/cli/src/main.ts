#!/usr/bin/env node
import { runCli } from './cli.ts';

const { env, stdin, stdout, stderr } = process;

// The reader of a pipe may leave early: `whence tree … | head`.
stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const code = await runCli(process.argv.slice(2), {
  env,
  out: (text) => stdout.write(text),
  err: (text) => stderr.write(text),
  columns: stdout.isTTY ? stdout.columns : undefined,
  colours: stdout.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
  interactive: stdin.isTTY,
});

process.exit(code);
