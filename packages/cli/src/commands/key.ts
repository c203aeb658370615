import { newKey, ROLES, type Role } from '@whence/identity';
import { isPrincipalId } from '@whence/model';
import { Option } from 'commander';
import type { DefineCommand } from '../cli.ts';
import { CliError } from '../cli-error.ts';

interface KeyOptions {
  readonly actor: string;
  readonly role?: Role;
  readonly json?: true;
}

export const defineKey: DefineCommand = (program, host) => {
  const key = program.command('key').description('Make credentials for workloads.');
  key
    .command('new')
    .description('Make a key. It is printed this once; only its hash goes into the credentials file.')
    .argument('<id>', 'name of the credential: 1 to 40 of a-z, 0-9, -')
    .option('--actor <uri>', 'the workload that will hold the key', 'k8s://cluster/namespace/name')
    .addOption(new Option('--role <role>', 'for who asks the record, and sends nothing').choices(ROLES))
    .option('--json', 'print { id, key, hash } as JSON')
    .addHelpText(
      'after',
      `
Examples:
  whence key new scheduler --actor k8s://prod/jobs/scheduler
  whence key new grafana --actor k8s://prod/monitoring/grafana --role reader
  whence key new ci --json | jq -r .key`,
    )
    .action((id: string, { actor, role, json }: KeyOptions) => {
      if (!isPrincipalId(actor)) throw new CliError('usage', `--actor ${actor}: not a URI`);
      const made = keyFor(id);
      host.out(json === true ? `${JSON.stringify({ id, ...made })}\n` : textOf(id, actor, role, made));
    });
};

const keyFor = (id: string): ReturnType<typeof newKey> => {
  try {
    return newKey(id);
  } catch (error) {
    throw new CliError('usage', `${id}: ${(error as Error).message}`, { cause: error });
  }
};

const GRANTS = 'grants: []   # the runs it may start: { principal: { id, kind }, jobs: [...], authority }';

const textOf = (
  id: string,
  actor: string,
  role: Role | undefined,
  { key, hash }: ReturnType<typeof newKey>,
): string =>
  `The key, for the workload's secrets (WHENCE_KEY). It is not shown again:

  ${key}

The entry for the credentials file:

  - id: ${id}
    hash: ${hash}
    actor: ${JSON.stringify(actor)}
    ${role === undefined ? GRANTS : `role: ${role}`}
`;
