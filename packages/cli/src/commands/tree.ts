import { isRunId } from '@whence/model';
import { type ApiOptions, DEFAULT_API, queryApi, type TreePart } from '../api/query-api.ts';
import type { DefineCommand } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { plainJson } from '../render/plain-text.ts';
import { renderTree } from '../render/tree.ts';

interface TreeOptions extends ApiOptions, TreePart {
  readonly json?: true;
}

export const defineTree: DefineCommand = (program, host) => {
  program
    .command('tree')
    .description('Draw everything that a run caused, below what caused it.')
    .argument('<run-id>', 'the run')
    .option('--depth <levels>', 'levels at most')
    .option('--limit <actions>', 'actions at most (default 1000)')
    .option('--trace <id>', 'with --span: only what hangs below that action')
    .option('--span <id>', 'with --trace')
    .option('--cursor <word>', 'where a branch goes on, as in "more" of the JSON answer')
    .option('--api <url>', `the query service (WHENCE_API_URL; default ${DEFAULT_API})`)
    .option('--key-file <file>', 'the key to ask with (default: WHENCE_KEY)')
    .option('--json', 'print the whole answer as JSON')
    .addHelpText(
      'after',
      `
Ends with 4 where there is no such run.

Examples:
  whence tree 01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10
  whence tree 01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10 --json | jq .totals`,
    )
    .action(async (text: string, { json, ...options }: TreeOptions) => {
      const runId = text.toLowerCase();
      if (!isRunId(runId)) throw new CliError('usage', `${text}: not a run id (a UUIDv7)`);
      const answer = await queryApi(options, host).tree(runId, partOf(options));
      host.out(json === true ? `${plainJson(answer)}\n` : renderTree(answer, host));
    });
};

const partOf = ({ depth, limit, trace, span, cursor }: TreeOptions): TreePart =>
  Object.fromEntries(
    Object.entries({ depth, limit, trace, span, cursor }).filter(([, value]) => value !== undefined),
  );
