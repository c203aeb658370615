import type { Context } from '@opentelemetry/api';
import { withoutRun } from '../runs/run-scope.ts';
import type { CauseSource } from './carried-by.ts';
import { type CauseElsewhere, causeOf } from './caused-by.ts';

/** What brought a message about: its producer or, for a tick of a schedule, whoever armed that. */
export const messageCause = (message: CauseSource): CauseElsewhere | undefined =>
  causeOf(message, isTick(message) ? 'schedule' : 'message');

/**
 * What a tick does is not what the run that armed the schedule does, which may have ended months ago: it is linked to
 * it, and nobody's until it begins a run of its own.
 */
export const tickOf = (message: CauseSource, effect: Context): Context =>
  isTick(message) ? withoutRun(effect) : effect;

/** On a carrier in a schedule's data. */
export const SCHEDULE_MARK = { cause: 'schedule' } as const;

type Fields = Readonly<Record<string, unknown>>;

/** BullMQ's jobs have `repeatJobKey`; pg-boss copies a schedule's data, with its carrier marked. */
const isTick = (message: CauseSource): boolean => {
  const { repeatJobKey, data } = (message ?? {}) as { repeatJobKey?: unknown; data?: Fields | null };
  if (typeof repeatJobKey === 'string') return true;
  const carrier = data?.['whence'] as Fields | null | undefined;
  return carrier?.['cause'] === SCHEDULE_MARK.cause;
};
