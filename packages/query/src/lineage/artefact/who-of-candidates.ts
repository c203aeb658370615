import type { Readers, RecordedAction } from '@whence/store';
import type { Missing } from '../missing.ts';
import { whoCausedAction } from '../who.ts';
import type { WhoAnswer } from '../who-answer.ts';
import type { Ranked } from './ranked.ts';

/** The whole answer for the best, and the others beside it. */
export const whoOfCandidates = async (
  readers: Readers,
  best: Ranked<RecordedAction>,
  candidates: readonly Ranked<RecordedAction>[],
  noted: readonly Missing[],
): Promise<WhoAnswer> => ({
  ...(await whoCausedAction(readers, best.record, noted)),
  candidates: candidates.map(({ record, why }) => ({ action: record.action, why })),
});

export const otherCandidates = (count: number, shown: number): Missing => ({
  code: 'other_candidates',
  detail: `${count} actions come into question, of which ${shown} are given; the answer is about the first.`,
});
