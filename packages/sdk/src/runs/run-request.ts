import { isPrincipalId, type Principal, TRIGGERS } from '@whence/model';
import type { Notices } from '../settings/notices.ts';
import type { CurrentRun } from './active-run.ts';
import type { HandoffOptions, RunOptions } from './run-options.ts';
import type { RunScope } from './run-scope.ts';
import type { RunRequest } from './run-start.ts';

const UNNAMED = 'unnamed';

/** What `run` was told, made fit to be recorded: the host's work goes on with what is right of it, and a warning. */
export const runRequest = (
  options: RunOptions,
  parent: RunScope | undefined,
  notices: Notices,
): RunRequest => {
  const { trigger = parent === undefined ? 'manual' : 'parent', attempt = 1, authority } = options;
  return {
    job: jobOf(options.job, notices),
    attempt: Number.isInteger(attempt) && attempt > 0 ? attempt : 1,
    trigger: TRIGGERS.includes(trigger) ? trigger : 'manual',
    ...principalOf(options.principal, notices),
    ...(authority === undefined ? {} : { authority }),
    ...(parent === undefined ? {} : { parent }),
  };
};

export const handoffRequest = (
  { as, job, authority }: HandoffOptions,
  from: CurrentRun,
  parent: RunScope | undefined,
  notices: Notices,
): RunRequest => ({
  job: jobOf(job ?? from.job, notices),
  attempt: 1,
  trigger: 'handoff',
  ...principalOf(as, notices),
  ...(authority === undefined ? {} : { authority }),
  ...(parent === undefined ? {} : { parent }),
});

const jobOf = (job: unknown, notices: Notices): string => {
  if (typeof job === 'string' && job.trim() !== '') return job;
  notices.warnOnce('job', `a run without a job's name is recorded as ${JSON.stringify(UNNAMED)}`);
  return UNNAMED;
};

const principalOf = (
  given: string | Principal | undefined,
  notices: Notices,
): { principal?: { id: string; kind?: Principal['kind'] } } => {
  if (given === undefined) return {};
  const principal = typeof given === 'string' ? { id: given } : given;
  if (typeof principal?.id === 'string' && isPrincipalId(principal.id)) return { principal };
  notices.warnOnce(
    'principal',
    `${JSON.stringify(principal?.id)} is no principal (a URI such as k8s://cluster/namespace/name): it is left out`,
  );
  return {};
};
