import { context } from '@opentelemetry/api';
import { type RunScope, runIn } from './run-scope.ts';

export interface CurrentRun {
  readonly runId: string;
  /** What rides in `tracestate` as `whence=…`. */
  readonly reference: string;
  /** What this process knows of the reference: `verified` came from an issuer, `asserted` carries no MAC. */
  readonly assurance: 'verified' | 'asserted';
  readonly job?: string;
  readonly rootRunId?: string;
}

/** The run in which the caller executes, opened here or carried here; undefined outside of any. */
export const current = (): CurrentRun | undefined => {
  const scope = runIn(context.active());
  return scope === undefined ? undefined : currentRun(scope);
};

export const currentRun = ({ runId, reference, assurance, job, rootRunId }: RunScope): CurrentRun => ({
  runId,
  reference,
  assurance,
  ...(job === undefined ? {} : { job }),
  ...(rootRunId === undefined ? {} : { rootRunId }),
});

/**
 * `fn`, to be called later in the run and span that are active now. For pools, queues and event listeners, which
 * otherwise call it in whatever context releases them: somebody else's run.
 */
export const bind = <F extends (...args: never[]) => unknown>(fn: F): F => context.bind(context.active(), fn);
