import { type ActionFilter, isShape, type Readers } from '@whence/store';
import type { Missing } from '../missing.ts';
import type { WhoAnswer } from '../who-answer.ts';
import { rankedCandidates } from './ranked.ts';
import { otherCandidates, whoOfCandidates } from './who-of-candidates.ts';

/** What somebody holds who does not hold an id. */
export type Artefact =
  /** Resource URI, or the shape of several. With `below`: and whatever begins with it. */
  | { readonly kind: 'target'; readonly target: string; readonly below: boolean }
  /** How the address of an object at the Kubernetes API ends. */
  | { readonly kind: 'object'; readonly path: string }
  /** Fingerprint of a statement, decimal. */
  | { readonly kind: 'statement'; readonly statementHash: string };

export interface ArtefactAsked {
  readonly artefact: Artefact;
  /** The moment that somebody knows of, nanoseconds since the epoch. */
  readonly atNanos?: bigint;
  /** When it is looked for. */
  readonly time: Pick<ActionFilter, 'fromNanos' | 'toNanos'>;
  /** Candidates given. */
  readonly limit: number;
}

/** Actions that are compared, by as little of each as that takes. */
const CONSIDERED = 900;
/** Targets that begin or end alike. */
const TARGETS = 64;

/** Who caused what is held in hand: the likeliest action answered in full, the others beside it. Undefined: nobody touched it. */
export const whoTouched = async (
  readers: Readers,
  { artefact, atNanos, time, limit }: ArtefactAsked,
): Promise<WhoAnswer | undefined> => {
  const { filter, more } = await filterOf(readers, artefact);
  if (filter === undefined) return undefined;
  const sought = {
    ...(atNanos === undefined ? {} : { atNanos }),
    ...(artefact.kind === 'target' && !isShape(artefact.target) ? { target: artefact.target } : {}),
  };
  const found = await readers.actions.touching({ ...filter, ...time }, CONSIDERED);
  const likely = rankedCandidates(
    found.touching.map((action) => ({ action })),
    sought,
  );
  const records = await found.whole(likely.slice(0, limit).map(({ record }) => record.action));
  const ranked = rankedCandidates(records, sought).slice(0, limit);
  const [best] = ranked;
  if (best === undefined) return undefined;
  const noted: readonly Missing[] = [
    ...(likely.length > 1 ? [otherCandidates(likely.length, ranked.length)] : []),
    ...(found.truncated ? [notAllConsidered] : []),
    ...(more ? [notAllTargets] : []),
  ];
  return whoOfCandidates(readers, best, ranked, noted);
};

interface Sifted {
  /** Undefined: there is no such target. */
  readonly filter?: ActionFilter;
  /** There are more targets than are looked at. */
  readonly more: boolean;
}

const filterOf = async (readers: Readers, artefact: Artefact): Promise<Sifted> => {
  switch (artefact.kind) {
    case 'statement':
      return { filter: { statementHash: artefact.statementHash }, more: false };
    case 'object':
      return ofTargets(await readers.artefacts.targetsAt(artefact.path, TARGETS + 1));
    case 'target':
      return artefact.below
        ? ofTargetsUnder(artefact.target, await readers.artefacts.targetsUnder(artefact.target, TARGETS + 1))
        : { filter: { wholeTarget: artefact.target }, more: false };
  }
};

/** What begins so is looked for by each target; where some are many, by the beginning. */
const ofTargetsUnder = (prefix: string, targets: readonly string[]): Sifted =>
  targets.some(isShape) ? { filter: { target: prefix }, more: false } : ofTargets(targets);

const ofTargets = (targets: readonly string[]): Sifted =>
  targets.length === 0
    ? { more: false }
    : { filter: { targets: targets.slice(0, TARGETS) }, more: targets.length > TARGETS };

const notAllConsidered: Missing = {
  code: 'candidates_truncated',
  detail: `More than ${CONSIDERED} actions come into question: only the newest ${CONSIDERED} were compared. Say the moment more exactly, or a shorter time around it.`,
};

const notAllTargets: Missing = {
  code: 'candidates_truncated',
  detail: `More than ${TARGETS} targets are like this: only the ${TARGETS} that were used last were looked at. Say more of the one that is meant.`,
};
