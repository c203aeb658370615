import { ASSURANCES, type Assurance, type Run, runIdToBytes } from '@whence/model';
import { RowWriter } from '@whence/store';

const NO_ID = new Uint8Array(16);
const writer = new RowWriter();

/** RunId, RootRunId, RunPath, PrincipalId, PrincipalKind, Authority, Assurance: in the column order of `otel_traces`. */
export const encodeRunColumns = (attribution: {
  readonly assurance: Assurance;
  readonly runId?: string;
  /** The run's record; without it the columns are empty and are resolved when read. */
  readonly run?: Run;
}): Uint8Array => {
  const { assurance, runId, run } = attribution;
  writer.reset();
  writer.uuid(runId === undefined ? NO_ID : runIdToBytes(runId));
  writer.uuid(run === undefined ? NO_ID : runIdToBytes(run.rootId));
  const path = run?.path ?? [];
  writer.varint(path.length);
  for (const ancestor of path) writer.uuid(runIdToBytes(ancestor));
  writer.string(run?.principal.id ?? '');
  writer.string(run?.principal.kind ?? '');
  writer.string(run?.authority?.id ?? '');
  writer.uint8(ASSURANCES.indexOf(assurance));
  return writer.copyOut();
};
