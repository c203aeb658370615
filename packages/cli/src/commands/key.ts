import { newKey, ROLES, type Role } from '@whence/identity';
import { isPrincipalId } from '@whence/model';
import { Option } from 'commander';
import type { DefineCommand } from '../cli.ts';
import { CliError } from '../cli-error.ts';

interface KeyOptions {
  readonly actor: string;
  readonly role?: Role;
  readonly rotateAfter?: number;
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
    .addOption(
      new Option(
        '--rotate-after <days>',
        'when it is to be replaced: shown as overdue from then on',
      ).argParser(daysIn),
    )
    .option('--json', 'print { id, key, hash, created } as JSON')
    .addHelpText(
      'after',
      `
Examples:
  whence key new scheduler --actor k8s://prod/jobs/scheduler
  whence key new grafana --actor k8s://prod/monitoring/grafana --role reader --rotate-after 90
  whence key new ci --json | jq -r .key`,
    )
    .action((id: string, { actor, role, rotateAfter, json }: KeyOptions) => {
      if (!isPrincipalId(actor)) throw new CliError('usage', `--actor ${actor}: not a URI`);
      const created = dayIn(0);
      const made = { ...keyFor(id), created };
      host.out(
        json === true
          ? `${JSON.stringify({ id, ...made })}\n`
          : textOf({ id, actor, role, rotateAfter, ...made }),
      );
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

const DAY_MILLIS = 86_400_000;
const DAYS_MAX = 36_500;

const daysIn = (text: string): number => {
  const days = Number(text);
  if (/^\d+$/.test(text) && days >= 1 && days <= DAYS_MAX) return days;
  throw new CliError('usage', `--rotate-after ${text}: days, 1 to ${DAYS_MAX}`);
};

/** @returns `2026-03-01`, UTC */
const dayIn = (days: number): string => new Date(Date.now() + days * DAY_MILLIS).toISOString().slice(0, 10);

interface Entry extends ReturnType<typeof newKey> {
  readonly id: string;
  readonly actor: string;
  readonly role: Role | undefined;
  /** Days. */
  readonly rotateAfter: number | undefined;
  /** `2026-03-01` */
  readonly created: string;
}

const textOf = ({ id, actor, role, rotateAfter, key, hash, created }: Entry): string =>
  `The key, for the workload's secrets (WHENCE_KEY). It is not shown again:

  ${key}

The entry for the credentials file:

  - id: ${id}
    hash: ${hash}
    actor: ${JSON.stringify(actor)}
    created: ${created}${
      rotateAfter === undefined
        ? ''
        : `
    rotateAfter: ${dayIn(rotateAfter)}`
    }
    ${role === undefined ? GRANTS : `role: ${role}`}
`;
