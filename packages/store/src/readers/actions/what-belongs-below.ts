import type { RunScope } from '../runs/run-reader.ts';
import type { OutlinedAction } from './outlined-action.ts';
import { spanKey } from './recorded-action.ts';

/** A claimed record of a run may name a root that its verified one does not. */
export const isElsewhere = ({ rootRunId, runId }: OutlinedAction['action'], scope: RunScope): boolean =>
  rootRunId !== undefined && rootRunId !== scope.rootId && runId !== scope.id;

/** What has ended needs no mark any more that it had not. */
export const withoutMarksOfEnded = <Each extends OutlinedAction>(records: readonly Each[]): Each[] => {
  const spans = new Set(records.map(({ action }) => spanKey(action)));
  return records.filter(
    ({ marksOpen, action }) =>
      marksOpen === undefined || !spans.has(spanKey({ traceId: action.traceId, spanId: marksOpen })),
  );
};
