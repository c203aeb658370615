import { newKey } from '@whence/identity';
import { isPrincipalId } from '@whence/model';
import type { DefineCommand } from '../cli.ts';
import { CliError } from '../cli-error.ts';

interface KeyOptions {
  readonly actor: string;
  readonly json?: true;
}

export const defineKey: DefineCommand = (program, host) => {
  const key = program.command('key').description('Make credentials for workloads.');
  key
    .command('new')
    .description('Make a key. It is printed this once; only its hash goes into the credentials file.')
    .argument('<id>', 'name of the credential: 1 to 40 of a-z, 0-9, -')
    .option('--actor <uri>', 'the workload that will hold the key', 'k8s://cluster/namespace/name')
    .option('--json', 'print { id, key, hash } as JSON')
    .addHelpText(
      'after',
      `
Examples:
  whence key new scheduler --actor k8s://prod/jobs/scheduler
  whence key new ci --json | jq -r .key`,
    )
    .action((id: string, { actor, json }: KeyOptions) => {
      if (!isPrincipalId(actor)) throw new CliError('usage', `--actor ${actor}: not a URI`);
      const made = keyFor(id);
      host.out(json === true ? `${JSON.stringify({ id, ...made })}\n` : textOf(id, actor, made));
    });
};

const keyFor = (id: string): ReturnType<typeof newKey> => {
  try {
    return newKey(id);
  } catch (error) {
    throw new CliError('usage', `${id}: ${(error as Error).message}`, { cause: error });
  }
};

const textOf = (id: string, actor: string, { key, hash }: ReturnType<typeof newKey>): string =>
  `The key, for the workload's secrets (WHENCE_KEY). It is not shown again:

  ${key}

The entry for the credentials file:

  - id: ${id}
    hash: ${hash}
    actor: ${JSON.stringify(actor)}
    grants: []   # the runs it may start: { principal: { id, kind }, jobs: [...], authority }
`;
