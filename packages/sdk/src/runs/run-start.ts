import {
  authorityOf,
  formatReference,
  newRunId,
  type Principal,
  type Run,
  type Trigger,
} from '@whence/model';
import type { Notices } from '../settings/notices.ts';
import { installed } from '../startup/installed.ts';
import type { Issuer, StartAnswer, StartedAnswer } from './issuer.ts';
import type { ActiveRun } from './run-options.ts';
import { RunRefused } from './run-refused.ts';
import type { RunScope } from './run-scope.ts';
import { RunToken } from './run-token.ts';

/** A run that may be, before its span. */
export type StartedRun = Omit<ActiveRun, 'span'>;

/** The token is apart from what the host is given of its run, and may print. */
export interface Start {
  readonly run: StartedRun;
  readonly token?: RunToken;
}

/** What is asked for, checked: options, and how the run comes to be. */
export interface RunRequest {
  readonly job: string;
  readonly attempt: number;
  readonly trigger: Trigger;
  readonly principal?: { readonly id: string; readonly kind?: Principal['kind'] };
  readonly authority?: string;
  readonly parent?: RunScope;
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
  request: RunRequest,
): Promise<Start> => {
  const { parent } = request;
  if (issuer === undefined) {
    notices.warnOnce(
      'no issuer',
      'no issuer is configured (WHENCE_ISSUER_URL): runs are asserted, not verified',
    );
    return { run: asserted(request, notices) };
  }
  const answer = await ask(issuer, request, notices);
  switch (answer.status) {
    case 'started':
      notices.over('issuer unreachable');
      return {
        run: verified(answer.run, answer.reference, parent),
        ...tokenOf(answer, issuer),
      };
    case 'refused':
      throw new RunRefused(answer.httpStatus, answer.code, answer.detail);
    case 'unreachable':
      notices.warnOnce(
        'issuer unreachable',
        `the issuer cannot be reached (${answer.reason}): runs are asserted, not verified, until it can`,
      );
      return { run: asserted(request, notices) };
  }
};

const ask = async (issuer: Issuer, request: RunRequest, notices: Notices): Promise<StartAnswer> => {
  const { job, attempt, trigger, principal, authority, parent } = request;
  const wanted = {
    job,
    trigger,
    attempt,
    ...(principal === undefined ? {} : { principal: principal.id }),
    ...(authority === undefined ? {} : { authority }),
  };
  const provable = parent?.assurance === 'verified' && !parent.ended;
  const answer = await issuer.start(provable ? { ...wanted, parent: parent.reference } : wanted);
  if (!provable || !wasForged(answer, parent)) return answer;
  notices.warnOnce(
    'parent refused',
    `a run that came with a message or request is none the issuer knows (${answer.detail}): what it asked for is no part of it`,
  );
  return issuer.start(wanted);
};

/**
 * Anybody can write a reference into a message or request. One that the issuer does not know must not keep the
 * receiver from its work. A parent that was opened here, or that this process was started in, and is refused, is a fault
 * to be heard of.
 */
const wasForged = (
  answer: StartAnswer,
  parent: RunScope,
): answer is Extract<StartAnswer, { status: 'refused' }> =>
  answer.status === 'refused' &&
  parent.job === undefined &&
  installed()?.config.parent?.tracestate?.includes(parent.reference) !== true &&
  (answer.code === 'parent_refuted' || answer.code === 'parent_unknown' || answer.code === 'parent_unproven');

const tokenOf = ({ run, txnToken }: StartedAnswer, issuer: Issuer): { token?: RunToken } =>
  txnToken === undefined ? {} : { token: new RunToken(txnToken, () => issuer.token(run.id)) };

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
  ...parentOf(run.parentId ?? (parent?.job === undefined ? undefined : parent.runId)),
});

const asserted = (
  { job, attempt, trigger, principal, authority, parent }: RunRequest,
  notices: Notices,
): StartedRun => {
  const runId = newRunId();
  const rootRunId = parent === undefined ? runId : parent.rootRunId;
  const allowedBy = trigger === 'handoff' ? authority : notWidened(authority, parent, notices);
  const allowed = allowedBy === undefined ? undefined : authorityOf(allowedBy);
  return {
    runId,
    reference: formatReference({ runId }),
    assurance: 'asserted',
    job,
    attempt,
    trigger,
    ...(rootRunId === undefined ? {} : { rootRunId }),
    ...(principal === undefined ? {} : { principal }),
    ...(allowed === undefined ? {} : { authority: allowed }),
    ...parentOf(parent?.runId),
  };
};

/** With no issuer to ask, a nested run is allowed by what allowed its parent, and by nothing else. */
const notWidened = (
  asked: string | undefined,
  parent: RunScope | undefined,
  notices: Notices,
): string | undefined => {
  const inherited = parent?.authorityId;
  if (inherited === undefined || asked === undefined || asked === inherited) return asked ?? inherited;
  notices.warnOnce(
    'authority widened',
    `a run within one that ${inherited} allows names ${asked}: without an issuer's word that is not recorded`,
  );
  return inherited;
};

const parentOf = (parentRunId: string | undefined): { parentRunId?: string } =>
  parentRunId === undefined ? {} : { parentRunId };
