import { type Context, context } from '@opentelemetry/api';
import { type Outcome, WHENCE } from '@whence/model';
import type { Notices } from '../settings/notices.ts';
import type { CurrentRun } from './active-run.ts';
import { messageOf, recordFailure } from './failure.ts';
import type { Issuer } from './issuer.ts';
import { contextOf } from './run-context.ts';
import type { ActiveRun, HandoffOptions, RunOptions } from './run-options.ts';
import { handoffRequest, runRequest } from './run-request.ts';
import { runIn } from './run-scope.ts';
import { startRunSpan } from './run-span.ts';
import { type RunRequest, startRun } from './run-start.ts';

/**
 * Does `fn` as a run. Resolves or rejects as `fn` does, once the issuer knows how it ended (or after 5 s without it).
 *
 * @throws RunRefused where the issuer says no; `fn` is then not called. An issuer that cannot be reached says neither
 * yes nor no: the run goes on, asserted.
 */
export type RunFunction = <T>(options: RunOptions, fn: (run: ActiveRun) => T | Promise<T>) => Promise<T>;

/**
 * Does `fn` as a run of another principal, which `from` hands its work to: a run below `from`, with the change recorded.
 * An identity never changes by itself.
 *
 * @throws RunRefused
 */
export type HandoffFunction = <T>(
  from: CurrentRun,
  options: HandoffOptions,
  fn: (run: ActiveRun) => T | Promise<T>,
) => Promise<T>;

/** The runs of this process. */
export interface Runs {
  readonly run: RunFunction;
  readonly handoff: HandoffFunction;
  /** Ends what is under way, for the end of the process; what its `fn` does then changes nothing more. Never throws. */
  endOpen(outcome: Outcome, message: string): Promise<void>;
}

export const runsOf = (issuer: Issuer | undefined, notices: Notices): Runs => {
  const open = new Map<ActiveRun, Promise<void> | undefined>();

  const end = (run: ActiveRun, outcome: Outcome, error?: unknown): Promise<void> => {
    const ending = open.get(run) ?? tell(issuer, notices, run, outcome, error);
    open.set(run, ending);
    return ending;
  };

  const perform = async <T>(
    request: RunRequest,
    around: Context,
    fn: (run: ActiveRun) => T | Promise<T>,
  ): Promise<T> => {
    const started = await startRun(issuer, notices, request);
    const { span, scope, within } = startRunSpan(started, around);
    const run = { ...started.run, span };
    open.set(run, undefined);
    try {
      const result = await context.with(within, fn, undefined, run);
      scope.ended = true;
      await end(run, 'success');
      return result;
    } catch (error) {
      scope.ended = true;
      await end(run, 'failure', error);
      throw error;
    } finally {
      open.delete(run);
    }
  };

  return {
    run: (options, fn) => {
      const around = context.active();
      return perform(runRequest(options, runIn(around), notices), around, fn);
    },
    handoff: (from, options, fn) => {
      const around = runIn(context.active())?.runId === from.runId ? context.active() : contextOf(from);
      return perform(handoffRequest(options, from, runIn(around), notices), around, fn);
    },
    endOpen: async (outcome, message) => {
      const error = new Error(message);
      delete error.stack;
      await Promise.all([...open.keys()].map((run) => end(run, outcome, error)));
    },
  };
};

const tell = async (
  issuer: Issuer | undefined,
  notices: Notices,
  { runId, assurance, span }: ActiveRun,
  outcome: Outcome,
  error: unknown,
): Promise<void> => {
  if (outcome !== 'success') recordFailure(span, error);
  span.setAttribute(WHENCE.runOutcome.key, outcome);
  span.end();
  if (issuer === undefined || assurance === 'asserted') return;
  const answer = await issuer.end(runId, {
    outcome,
    ...(outcome === 'success' ? {} : { message: messageOf(error) }),
  });
  if (answer.status === 'ended') return;
  const why = answer.status === 'refused' ? answer.detail : `it cannot be reached: ${answer.reason}`;
  notices.warn(`the issuer did not record the end of run ${runId} (${why})`);
};
