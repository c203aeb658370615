import { isRunId } from '@whence/model';
import { Option } from 'commander';
import { type ApiOptions, DEFAULT_API, queryApi, type WhoQuestion } from '../api/query-api.ts';
import type { DefineCommand } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { plainJson } from '../render/plain-text.ts';
import { renderWho } from '../render/who.ts';

interface WhoOptions extends ApiOptions {
  readonly span?: string;
  readonly trace?: string;
  readonly run?: string;
  readonly target?: string;
  readonly below?: true;
  readonly statement?: string;
  readonly object?: string;
  readonly commit?: string;
  readonly at?: string;
  readonly within?: string;
  readonly asOf?: string;
  readonly json?: true;
}

export const defineWho: DefineCommand = (program, host) => {
  program
    .command('who')
    .description('Answer who caused an action: principal, run, authority, and the chain up to the root.')
    .addOption(new Option('--span <id>', 'the action itself, 16 hex digits').conflicts('run'))
    .addOption(
      new Option(
        '--trace <id>',
        'the root action of a trace, 32 hex digits; with --span: the trace it is in',
      ).conflicts('run'),
    )
    .addOption(new Option('--run <id>', 'the action that opened a run').conflicts(['span', 'trace']))
    .addOption(
      new Option('--target <uri>', 'whoever touched it: a table, a queue, an address').conflicts(
        IDS.concat('statement'),
      ),
    )
    .option('--below', 'with --target: and whatever begins with it')
    .addOption(new Option('--statement <sql>', 'whoever sent it, whatever its values').conflicts(IDS))
    .addOption(
      new Option('--object <name>', 'whoever touched it in Kubernetes: prod/deployments/web').conflicts(
        IDS.concat('statement', 'target', 'commit'),
      ),
    )
    .addOption(
      new Option('--commit <id>', 'whoever worked on it, by its id or the beginning of it').conflicts(
        IDS.concat('statement', 'target'),
      ),
    )
    .option('--at <time>', 'with --target, --statement: the moment that is known of, RFC 3339')
    .option('--within <duration>', 'with --at: how long before, such as 90s or 15m (default 24h)')
    .option('--as-of <time>', 'as it was known then: by what had been received until that time, RFC 3339')
    .option('--api <url>', `the query service (WHENCE_API_URL; default ${DEFAULT_API})`)
    .option('--key-file <file>', 'the key to ask with (default: WHENCE_KEY)')
    .option('--json', 'print the whole answer as JSON')
    .addHelpText(
      'after',
      `
Ends with 4 where there is no such action.

Examples:
  whence who --span 00f067aa0ba902b7
  whence who --run 01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10 --json
  whence who --target postgresql://db:5432/bank/invoices --at 2026-03-01T03:14:08Z
  whence who --statement 'UPDATE invoices SET paid = true' --at 2026-03-01T03:14:08Z --within 10m`,
    )
    .action(async (options: WhoOptions) => {
      const answer = await queryApi(options, host).who(questionOf(options));
      host.out(options.json === true ? `${plainJson(answer)}\n` : renderWho(answer, host));
    });
};

const IDS = ['span', 'trace', 'run'];
const ARTEFACTS = ['target', 'statement', 'object', 'commit'] as const;

const questionOf = (options: WhoOptions): WhoQuestion => {
  const { span: _, trace: __, run: ___, api: ____, keyFile: _____, json: ______, below, ...held } = options;
  if (ARTEFACTS.every((name) => held[name] === undefined)) return questionById(options);
  return { ...held, ...(below === undefined ? {} : { below: 'true' as const }) };
};

const questionById = ({ span, trace, run, asOf }: WhoOptions): WhoQuestion => {
  const then = asOf === undefined ? {} : { asOf };
  const inTrace = trace === undefined ? undefined : { trace: hex('--trace', trace, 32) };
  if (span !== undefined) return { span: hex('--span', span, 16), ...inTrace, ...then };
  if (inTrace !== undefined) return { ...inTrace, ...then };
  if (run === undefined)
    throw new CliError(
      'usage',
      'say of what: --span ID, --trace ID, --run ID, --target URI, --statement SQL, --object NAME or --commit ID',
    );
  if (!isRunId(run.toLowerCase())) throw new CliError('usage', `--run ${run}: not a run id (a UUIDv7)`);
  return { run: run.toLowerCase(), ...then };
};

const hex = (option: string, text: string, digits: number): string => {
  const id = text.toLowerCase();
  if (!/^[0-9a-f]+$/.test(id) || id.length !== digits) {
    throw new CliError('usage', `${option} ${text}: not ${digits} hex digits`);
  }
  return id;
};
