import type { Action, CauseKind, SpanRef } from '@whence/model';

/** An action as it is held: what people see, and what lineage is worked out from. */
export interface RecordedAction {
  readonly action: Action;
  /** The run whose opening span this is: the span says so, and came with that run's reference. */
  readonly opensRunId?: string;
  /** Ancestors of its run, the root first, as they were known when it was received. */
  readonly runPath: readonly string[];
  /** Spans that brought this one about, in the order in which the span lists them, its own trace included. */
  readonly links: readonly CauseLink[];
  /** Fingerprint of the statement, literals and layout aside. Absent: no statement. */
  readonly statementHash?: string;
  /** The process itself could not tell, or denies, that the run it names did this. */
  readonly doubt?: AttributionDoubt;
  /** A mark of the recorder, not an action: the span that it names had not ended when it was made. */
  readonly marksOpen?: string;
  /** Another record under the same trace and span id says something else. Both are shown, neither is preferred. */
  readonly conflict: boolean;
}

export type AttributionDoubt =
  /** Asked for in one run and done in another: neither is named. */
  | { readonly kind: 'conflict'; readonly runIds: readonly string[] }
  /** Done in the context of a run that had ended: named, without its proof. */
  | { readonly kind: 'run_ended' };

export interface CauseLink extends SpanRef {
  readonly kind: CauseKind;
}

/** @returns the records, those that share trace and span id with another one marked. */
export const withConflicts = (records: readonly RecordedAction[]): readonly RecordedAction[] => {
  const seen = new Map<string, number>();
  for (const { action } of records) {
    const key = spanKey(action);
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  return records.map((record) =>
    (seen.get(spanKey(record.action)) ?? 0) > 1 ? { ...record, conflict: true } : record,
  );
};

/** One text for one span, usable as a map key. */
export const spanKey = ({ traceId, spanId }: SpanRef): string => `${traceId}/${spanId}`;
