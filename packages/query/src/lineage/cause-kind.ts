import type { CauseKind, Run } from '@whence/model';
import type { OutlinedAction } from '@whence/store';

/** How the way from an action up to its cause was found. */
export type Ascent =
  /** The parent span, in the same trace. */
  | { readonly by: 'parent' }
  /** A span link. */
  | { readonly by: 'link'; readonly kind: CauseKind }
  /** The record of the run names the run that started it. */
  | { readonly by: 'run' }
  /** Nothing but the run reference that both carry. */
  | { readonly by: 'reference' };

/**
 * The kind of cause. A link and a run's record say it themselves. A parent span is a call, unless the spans tell
 * better: a run opened below it, a producer and its consumer, a process and its child. A shared reference tells none.
 *
 * @param run the run that `effect` opens, where its record is known.
 */
export const causeKindOf = (
  ascent: Ascent,
  effect: OutlinedAction,
  cause: OutlinedAction,
  run: Run | undefined,
): CauseKind | undefined => {
  switch (ascent.by) {
    case 'link':
      return ascent.kind;
    case 'run':
      return run === undefined ? 'spawn' : kindOfTrigger(run);
    case 'reference':
      return undefined;
    case 'parent':
      if (effect.opensRunId !== undefined && run?.parentId !== undefined) return kindOfTrigger(run);
      if (effect.action.kind === 'consumer' && cause.action.kind === 'producer') return 'message';
      if (cause.action.system === 'process' && effect.action.service !== cause.action.service) return 'spawn';
      return 'call';
  }
};

const kindOfTrigger = ({ trigger }: Run): CauseKind => {
  switch (trigger) {
    case 'parent':
      return 'spawn';
    case 'message':
      return 'message';
    case 'schedule':
      return 'schedule';
    case 'handoff':
      return 'handoff';
    case 'webhook':
    case 'manual':
    case 'api':
      return 'call';
  }
};
