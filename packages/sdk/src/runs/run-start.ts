import { authorityOf, formatReference, newRunId, type Run, type Trigger } from '@whence/model';
import type { Notices } from '../settings/notices.ts';
import type { Issuer } from './issuer.ts';
import type { ActiveRun, RunOptions } from './run-options.ts';
import { RunRefused } from './run-refused.ts';
import type { RunScope } from './run-scope.ts';

/** A run that may be, before its span. */
export type StartedRun = Omit<ActiveRun, 'span'>;

/** The token is apart from what the host is given of its run, and may print. */
export interface Start {
  readonly run: StartedRun;
  readonly txnToken?: string;
}

/**
 * Asks the issuer. Without one, or with one that says neither yes nor no, the run is asserted: the host's work does not
 * wait for our parts.
 *
 * @throws RunRefused
 */
export const startRun = async (
  issuer: Issuer | undefined,
  notices: Notices,
  options: RunOptions,
  parent: RunScope | undefined,
): Promise<Start> => {
  const { job, attempt = 1, trigger = parent === undefined ? 'manual' : 'parent', authority } = options;
  const principal = typeof options.principal === 'string' ? { id: options.principal } : options.principal;
  if (issuer === undefined) {
    notices.warnOnce(
      'no issuer',
      'no issuer is configured (WHENCE_ISSUER_URL): runs are asserted, not verified',
    );
    return { run: asserted({ job, attempt, trigger, principal, authority, parent }) };
  }
  const answer = await issuer.start({
    job,
    trigger,
    attempt,
    ...(principal === undefined ? {} : { principal: principal.id }),
    ...(authority === undefined ? {} : { authority }),
    ...(parent?.assurance === 'verified' ? { parent: parent.reference } : {}),
  });
  switch (answer.status) {
    case 'started':
      notices.over('issuer unreachable');
      return {
        run: verified(answer.run, answer.reference, parent),
        ...(answer.txnToken === undefined ? {} : { txnToken: answer.txnToken }),
      };
    case 'refused':
      throw new RunRefused(answer.httpStatus, answer.code, answer.detail);
    case 'unreachable':
      notices.warnOnce(
        'issuer unreachable',
        `the issuer cannot be reached (${answer.reason}): runs are asserted, not verified, until it can`,
      );
      return { run: asserted({ job, attempt, trigger, principal, authority, parent }) };
  }
};

const verified = (run: Run, reference: string, parent: RunScope | undefined): StartedRun => ({
  runId: run.id,
  reference,
  assurance: 'verified',
  job: run.job,
  attempt: run.attempt,
  trigger: run.trigger,
  rootRunId: run.rootId,
  principal: run.principal,
  ...(run.authority === undefined ? {} : { authority: run.authority }),
  ...parentOf(run.parentId ?? parent?.runId),
});

interface Claim {
  readonly job: string;
  readonly attempt: number;
  readonly trigger: Trigger;
  readonly principal: ActiveRun['principal'] | undefined;
  readonly authority: string | undefined;
  readonly parent: RunScope | undefined;
}

const asserted = ({ job, attempt, trigger, principal, authority, parent }: Claim): StartedRun => {
  const runId = newRunId();
  const rootRunId = parent === undefined ? runId : parent.rootRunId;
  const claimed = authority === undefined ? undefined : authorityOf(authority);
  return {
    runId,
    reference: formatReference({ runId }),
    assurance: 'asserted',
    job,
    attempt,
    trigger,
    ...(rootRunId === undefined ? {} : { rootRunId }),
    ...(principal === undefined ? {} : { principal }),
    ...(claimed === undefined ? {} : { authority: claimed }),
    ...parentOf(parent?.runId),
  };
};

const parentOf = (parentRunId: string | undefined): { parentRunId?: string } =>
  parentRunId === undefined ? {} : { parentRunId };
