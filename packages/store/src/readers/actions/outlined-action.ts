import type { Action } from '@whence/model';
import type { CauseLink } from './recorded-action.ts';

/** As much of an action as its place in a tree depends on. */
export interface OutlinedAction {
  readonly action: Pick<
    Action,
    | 'traceId'
    | 'spanId'
    | 'parentSpanId'
    | 'startTime'
    | 'kind'
    | 'system'
    | 'service'
    | 'status'
    | 'runId'
    | 'rootRunId'
    | 'assurance'
  >;
  /** The run whose opening span this is. */
  readonly opensRunId?: string;
  readonly links: readonly CauseLink[];
  /** A mark of the recorder, not an action. */
  readonly marksOpen?: string;
}

export interface OutlineFound {
  readonly actions: readonly OutlinedAction[];
  /** There are more than were asked for. */
  readonly truncated: boolean;
}
