import { isRunId } from '@whence/model';
import { Option } from 'commander';
import { type ApiOptions, DEFAULT_API, queryApi, type WhoQuestion } from '../api/query-api.ts';
import type { DefineCommand } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { plainJson } from '../render/plain-text.ts';
import { renderWho } from '../render/who.ts';
import { type Held, whatIsHeld } from './what-is-held.ts';

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
    .argument('[what]', 'an id, traceparent, URI, object, commit or statement: told apart by how it looks')
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
  whence who 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
  whence who --span 00f067aa0ba902b7
  whence who --run 01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10 --json
  whence who --target postgresql://db:5432/bank/invoices --at 2026-03-01T03:14:08Z
  whence who --statement 'UPDATE invoices SET paid = true' --at 2026-03-01T03:14:08Z --within 10m`,
    )
    .action(async (what: string | undefined, given: WhoOptions) => {
      const options = what === undefined ? given : { ...heldBeside(given, what), ...given };
      const answer = await queryApi(options, host).who(questionOf(options));
      host.out(options.json === true ? `${plainJson(answer)}\n` : renderWho(answer, host));
    });
};

const SAY_OF_WHAT =
  'say of what: --span ID, --trace ID, --run ID, --target URI, --statement SQL, --object NAME or --commit ID';
const IDS = ['span', 'trace', 'run'];
const ARTEFACTS = ['target', 'statement', 'object', 'commit'] as const;

/** @throws CliError `usage` where it does not look like anything, or an option says already what is held. */
const heldBeside = (given: WhoOptions, what: string): Held => {
  const named = [...IDS, ...ARTEFACTS].find((name) => name in given);
  if (named !== undefined)
    throw new CliError('usage', `${what}: beside --${named}, which says of what already`);
  const held = whatIsHeld(what);
  if (held === undefined) throw new CliError('usage', `${what}: ${SAY_OF_WHAT}`);
  return held;
};

/** What is asked beside what it does not go with is sent all the same: the service says so. */
const questionOf = (options: WhoOptions): WhoQuestion => {
  const { api: _, keyFile: __, json: ___, below, ...asked } = options;
  const { span, trace, run } = asked;
  if ([...IDS, ...ARTEFACTS].every((name) => !(name in options))) throw new CliError('usage', SAY_OF_WHAT);
  if (run !== undefined && !isRunId(run.toLowerCase())) {
    throw new CliError('usage', `--run ${run}: not a run id (a UUIDv7)`);
  }
  return {
    ...asked,
    ...(span === undefined ? {} : { span: hex('--span', span, 16) }),
    ...(trace === undefined ? {} : { trace: hex('--trace', trace, 32) }),
    ...(run === undefined ? {} : { run: run.toLowerCase() }),
    ...(below === undefined ? {} : { below: 'true' }),
  };
};

const hex = (option: string, text: string, digits: number): string => {
  const id = text.toLowerCase();
  if (!/^[0-9a-f]+$/.test(id) || id.length !== digits) {
    throw new CliError('usage', `${option} ${text}: not ${digits} hex digits`);
  }
  return id;
};
