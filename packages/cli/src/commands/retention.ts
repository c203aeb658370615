import { type ApiOptions, DEFAULT_API, queryApi } from '../api/query-api.ts';
import type { DefineCommand } from '../cli.ts';
import { plainJson } from '../render/plain-text.ts';
import { renderRetention } from '../render/retention.ts';

interface RetentionOptions extends ApiOptions {
  readonly json?: true;
}

export const defineRetention: DefineCommand = (program, host) => {
  program
    .command('retention')
    .description('Show for how long what is kept, how much there is of it, and what goes next.')
    .option('--api <url>', `the query service (WHENCE_API_URL; default ${DEFAULT_API})`)
    .option('--key-file <file>', 'the key of an admin to ask with (default: WHENCE_KEY)')
    .option('--json', 'print the whole answer as JSON, with every table')
    .addHelpText(
      'after',
      `
It is set where the collector is started, and of all collectors alike:
  WHENCE_RETENTION=spans=30d,runs=400d,causes=400d whence up
  WHENCE_RETENTION=forever whence up

Examples:
  whence retention
  whence retention --json | jq '.tiers[] | {tier, days, bytes}'`,
    )
    .action(async ({ json, ...options }: RetentionOptions) => {
      const answer = await queryApi(options, host).retention();
      host.out(json === true ? `${plainJson(answer)}\n` : renderRetention(answer, host));
    });
};
