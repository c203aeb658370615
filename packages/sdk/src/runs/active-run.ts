import { context } from '@opentelemetry/api';
import { type RunScope, runIn, unproven } from './run-scope.ts';

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

/** A run that has ended is named without its proof: what still happens in its context is not its doing. */
export const currentRun = (scope: RunScope): CurrentRun => {
  const { runId, assurance, job, rootRunId, ended } = scope;
  return {
    runId,
    reference: ended ? unproven(scope) : scope.reference,
    assurance: ended ? 'asserted' : assurance,
    ...(job === undefined ? {} : { job }),
    ...(rootRunId === undefined ? {} : { rootRunId }),
  };
};
