import {
  type Attributes,
  type Context,
  context,
  type Link,
  type Span,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import {
  type Authority,
  authorityOf,
  formatReference,
  newRunId,
  type Principal,
  type Run,
  type Trigger,
  WHENCE,
} from '@whence/model';
import { type CurrentRun, currentRun } from './active-run.ts';
import { messageOf, recordFailure } from './failure.ts';
import type { Issuer } from './issuer.ts';
import type { Notices } from './notices.ts';
import { RunRefused } from './run-refused.ts';
import { type RunScope, runIn, withRun } from './run-scope.ts';
import { tracer } from './tracer.ts';

export interface RunOptions {
  /** What is executed, by name: `nightly-reconcile`. */
  readonly job: string;
  /** Whom the run acts as. May be left out where the credential has only one. */
  readonly principal?: string | Principal;
  /** Default: `parent` inside another run, otherwise `manual`. */
  readonly trigger?: Trigger;
  /** What allows it: `policy:nightly-jobs@3`. The issuer decides. */
  readonly authority?: string;
  /** From 1. */
  readonly attempt?: number;
}

export interface ActiveRun extends CurrentRun {
  readonly job: string;
  readonly attempt: number;
  readonly trigger: Trigger;
  readonly principal?: { readonly id: string; readonly kind?: Principal['kind'] };
  readonly authority?: Authority;
  readonly parentRunId?: string;
  /** The run span: for attributes and events of one's own. The SDK ends it. */
  readonly span: Span;
}

/**
 * Does `fn` as a run. Resolves or rejects as `fn` does, once the issuer knows how it ended (or after 5 s without it).
 *
 * @throws RunRefused where the issuer says no; `fn` is then not called. An issuer that cannot be reached says neither
 * yes nor no: the run goes on, asserted.
 */
export type RunFunction = <T>(options: RunOptions, fn: (run: ActiveRun) => T | Promise<T>) => Promise<T>;

export const runsOf = (issuer: Issuer | undefined, notices: Notices): RunFunction => {
  return async (options, fn) => {
    const around = context.active();
    const started = await start(issuer, notices, options, runIn(around));
    const { run, within } = open(started, around);
    try {
      const result = await context.with(within, fn, undefined, run);
      await close(issuer, notices, started, run, { outcome: 'success' });
      return result;
    } catch (error) {
      recordFailure(run.span, error);
      await close(issuer, notices, started, run, { outcome: 'failure', message: messageOf(error) });
      throw error;
    }
  };
};

type Started = Omit<ActiveRun, 'span'>;

const start = async (
  issuer: Issuer | undefined,
  notices: Notices,
  options: RunOptions,
  parent: RunScope | undefined,
): Promise<Started> => {
  const { job, attempt = 1, trigger = parent === undefined ? 'manual' : 'parent', authority } = options;
  const principal = typeof options.principal === 'string' ? { id: options.principal } : options.principal;
  if (issuer === undefined) {
    notices.warnOnce(
      'no issuer',
      'no issuer is configured (WHENCE_ISSUER_URL): runs are asserted, not verified',
    );
    return asserted({ job, attempt, trigger, principal, authority, parent });
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
      return verified(answer.run, answer.reference, parent);
    case 'refused':
      throw new RunRefused(answer.httpStatus, answer.code, answer.detail);
    case 'unreachable':
      notices.warnOnce(
        'issuer unreachable',
        `the issuer cannot be reached (${answer.reason}): runs are asserted, not verified, until it can`,
      );
      return asserted({ job, attempt, trigger, principal, authority, parent });
  }
};

const verified = (run: Run, reference: string, parent: RunScope | undefined): Started => ({
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

const asserted = ({ job, attempt, trigger, principal, authority, parent }: Claim): Started => {
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

/** The run span: below the current span inside a run, otherwise the root of a trace of its own. */
const open = (started: Started, around: Context): { run: ActiveRun; within: Context } => {
  const inRun = runIn(around) !== undefined;
  const outside = trace.getSpanContext(around);
  const base = inRun ? around : trace.deleteSpan(around);
  const scope: RunScope = {
    ...currentRun(started),
    ...(inRun && outside !== undefined ? { openedUnder: outside.spanId } : {}),
  };
  const links: Link[] =
    inRun || outside === undefined ? [] : [{ context: outside, attributes: { [WHENCE.cause.key]: 'call' } }];
  const within = withRun(base, scope);
  const span = tracer().startSpan(
    started.job,
    { kind: SpanKind.INTERNAL, attributes: attributesOf(started), links },
    within,
  );
  return { run: { ...started, span }, within: trace.setSpan(within, span) };
};

const close = async (
  issuer: Issuer | undefined,
  notices: Notices,
  started: Started,
  { span }: ActiveRun,
  end: { outcome: 'success' | 'failure'; message?: string },
): Promise<void> => {
  span.setAttribute(WHENCE.runOutcome.key, end.outcome);
  span.end();
  if (issuer === undefined || started.assurance === 'asserted') return;
  const answer = await issuer.end(started.runId, end);
  if (answer.status === 'ended') return;
  const why = answer.status === 'refused' ? answer.detail : `it cannot be reached: ${answer.reason}`;
  notices.warn(`the issuer did not record the end of run ${started.runId} (${why})`);
};

const attributesOf = (run: Started): Attributes => ({
  [WHENCE.runId.key]: run.runId,
  [WHENCE.runJob.key]: run.job,
  [WHENCE.runAttempt.key]: run.attempt,
  [WHENCE.runTrigger.key]: run.trigger,
  [WHENCE.assurance.key]: run.assurance,
  ...given(WHENCE.runRootId.key, run.rootRunId),
  ...given(WHENCE.runParentId.key, run.parentRunId),
  ...given(WHENCE.principalId.key, run.principal?.id),
  ...given(WHENCE.principalKind.key, run.principal?.kind),
  ...given(WHENCE.authorityId.key, run.authority?.id),
});

const given = (key: string, value: string | undefined): Attributes =>
  value === undefined ? {} : { [key]: value };
