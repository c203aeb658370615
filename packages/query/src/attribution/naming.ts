import type { Inherited, RecordedRun } from '@whence/store';
import { mayName } from '@whence/store';
import type { InheritedVerdict } from './verdict.ts';

/** Runs whose records are needed to name whom these rest on: the verified row came before its run's record. */
export const runsNeeded = (verdicts: readonly InheritedVerdict[]): readonly string[] => [
  ...new Set(
    verdicts.filter(({ source }) => source.run.principal === undefined).map(({ source }) => source.run.id),
  ),
];

/** Whom an action that inherits is attributed to: as the verified row says, or else the issuer's record of its run. */
export const inheritedOf = (
  { source, via, hops }: InheritedVerdict,
  runs: ReadonlyMap<string, RecordedRun>,
): Inherited => {
  const { id, rootId, path, principal, authority } = source.run;
  const from = { traceId: source.traceId, spanId: source.spanId, via, hops };
  if (principal !== undefined) {
    return {
      runId: id,
      ...(rootId === undefined ? {} : { rootRunId: rootId }),
      runPath: path,
      principal,
      ...(authority === undefined ? {} : { authority }),
      from,
    };
  }
  const run = runs.get(id)?.run;
  if (run === undefined || !mayName('inherited', run)) return { runId: id, runPath: [], from };
  return {
    runId: id,
    rootRunId: run.rootId,
    runPath: run.path,
    principal: run.principal,
    ...(run.authority === undefined ? {} : { authority: run.authority }),
    from,
  };
};

/** Whether two say the same of whom, and rest on the same. */
export const saysTheSame = (a: Inherited | undefined, b: Inherited | undefined): boolean =>
  a === undefined || b === undefined ? a === b : contentOf(a) === contentOf(b);

const contentOf = ({ runId, rootRunId, runPath, principal, authority, from }: Inherited): string =>
  JSON.stringify([
    ...[runId, rootRunId, runPath, principal?.id, principal?.kind, authority?.id],
    ...[from.traceId, from.spanId, from.via, from.hops],
  ]);
