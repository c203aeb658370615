import { isPrincipalId, TRIGGERS } from '@whence/model';
import { InvalidArgumentError, Option } from 'commander';
import type { DefineCommand } from '../cli.ts';
import type { WrapOptions } from '../command-run/wrapped-command.ts';

export const defineRun: DefineCommand = (program, host, exitWith) => {
  program
    .command('run')
    .description('Run a command as a run: who asked for it, what allowed it, what came of it.')
    .argument('<command...>', 'the command and its arguments, after --')
    .requiredOption('--job <name>', 'what is run, by name')
    .option('--principal <uri>', 'whom it runs as; needed where the key may act as several', principal)
    .addOption(new Option('--trigger <kind>', 'why it begins now').choices(TRIGGERS))
    .option('--authority <id>', 'what is believed to allow it; the issuer refuses any other')
    .option('--attempt <n>', 'which attempt this is, from 1', attempt)
    .option('--service <name>', 'service.name of the record (OTEL_SERVICE_NAME; default: the job)')
    .option('--issuer <url>', 'who may allow it (WHENCE_ISSUER_URL); without one the run is only asserted')
    .option('-v, --verbose', 'say on stderr which run this is')
    .passThroughOptions()
    .addHelpText(
      'after',
      `
The key of this workload is taken from WHENCE_KEY. The command finds its place in the trace in TRACEPARENT and
TRACESTATE; where nothing says where traces go, they go to the issuer.

Ends as the command does (128 + n for signal n; 127 not found, 126 not executable), or with 77 where the issuer
refuses the run: the command is then not run.

Examples:
  whence run --job nightly-backup --trigger schedule -- pg_dump bank
  whence run --job deploy --principal github://acme/shop/deploy -- ./deploy.sh --to prod`,
    )
    .action(async ([command, ...args]: [string, ...string[]], options: WrapOptions) => {
      // Loaded here: the other commands have no use for the OpenTelemetry SDK, and start sooner without it.
      const { wrapCommand } = await import('../command-run/wrapped-command.ts');
      exitWith(await wrapCommand(command, args, options, host));
    });
};

const principal = (text: string): string => {
  if (!isPrincipalId(text)) throw new InvalidArgumentError('Not a URI such as k8s://cluster/namespace/name.');
  return text;
};

const attempt = (text: string): number => {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('Not a whole number from 1.');
  return Number(text);
};
