import type { Artefact, Readers, TimeWindow } from '@whence/store';
import type { Missing } from '../missing.ts';
import type { WhoAnswer } from '../who-answer.ts';
import { rankedCandidates } from './ranked.ts';
import { otherCandidates, whoOfCandidates } from './who-of-candidates.ts';

export interface ArtefactAsked {
  readonly artefact: Artefact;
  /** The moment that somebody knows of, nanoseconds since the epoch. */
  readonly atNanos?: bigint;
  readonly window: TimeWindow;
  /** Candidates given. */
  readonly limit: number;
}

/** Actions that are compared. */
const CONSIDERED = 1000;

/** Who caused what is held in hand: the likeliest action answered in full, the others beside it. Undefined: nobody touched it. */
export const whoTouched = async (
  readers: Readers,
  { artefact, atNanos, window, limit }: ArtefactAsked,
): Promise<WhoAnswer | undefined> => {
  const found = await readers.artefacts.touching(artefact, window, CONSIDERED + 1);
  const ranked = rankedCandidates(found.slice(0, CONSIDERED), {
    ...(atNanos === undefined ? {} : { atNanos }),
    ...(artefact.kind === 'target' ? { target: artefact.target } : {}),
  });
  const [best] = ranked;
  if (best === undefined) return undefined;
  const noted: readonly Missing[] = [
    ...(ranked.length > 1 ? [otherCandidates(ranked.length, Math.min(limit, ranked.length))] : []),
    ...(found.length > CONSIDERED ? [notAllConsidered] : []),
  ];
  return whoOfCandidates(readers, best, ranked.slice(0, limit), noted);
};

const notAllConsidered: Missing = {
  code: 'candidates_truncated',
  detail: `More than ${CONSIDERED} actions come into question: only the newest ${CONSIDERED} were compared. Say the moment more exactly, or a shorter time around it.`,
};
