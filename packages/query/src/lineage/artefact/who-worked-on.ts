import type { Readers, RecordedAction, RevisionWork } from '@whence/store';
import type { Missing } from '../missing.ts';
import type { WhoAnswer } from '../who-answer.ts';
import type { Ranked } from './ranked.ts';
import { otherCandidates, whoOfCandidates } from './who-of-candidates.ts';

/** Runs and services that are compared. */
const CONSIDERED = 1000;

/**
 * Who worked on a commit: runs before what belongs to none, and of those whichever began first. Undefined: nobody.
 *
 * @param prefix how the commit's id begins.
 * @param limit candidates given.
 */
export const whoWorkedOn = async (
  readers: Readers,
  prefix: string,
  limit: number,
): Promise<WhoAnswer | undefined> => {
  const found = await readers.artefacts.onRevision(prefix, CONSIDERED + 1);
  const works = found
    .slice(0, CONSIDERED)
    .sort((a, b) => Number(a.runId === undefined) - Number(b.runId === undefined));
  const shown = await Promise.all(works.slice(0, limit).map((work) => rankedOf(readers, work)));
  const candidates = shown.filter((each) => each !== undefined);
  const [best] = candidates;
  if (best === undefined) return undefined;
  const revisions = new Set(works.map(({ revision }) => revision));
  const noted: readonly Missing[] = [
    ...(works.length > 1 ? [otherCandidates(works.length, candidates.length)] : []),
    ...(revisions.size > 1 ? [severalRevisions(revisions.size, prefix)] : []),
    ...(found.length > CONSIDERED ? [notAllConsidered] : []),
  ];
  return whoOfCandidates(readers, best, candidates, noted);
};

const rankedOf = async (
  readers: Readers,
  work: RevisionWork,
): Promise<Ranked<RecordedAction> | undefined> => {
  const { runId, revision, service, first, actions, lastSeen } = work;
  const record =
    (runId === undefined ? undefined : await readers.actions.openingOf(runId)) ??
    (await readers.actions.bySpan(first))[0];
  if (record === undefined) return undefined;
  const who = runId === undefined ? `${service ?? 'A service'}, in no run,` : `Run ${runId}`;
  return {
    record,
    why: [
      `${who} worked on commit ${revision}: ${actions} ${actions === 1 ? 'action' : 'actions'} until ${lastSeen}.`,
    ],
  };
};

const severalRevisions = (count: number, prefix: string): Missing => ({
  code: 'conflict',
  detail: `${count} commits begin with ${prefix}: say more of the one that is meant.`,
});

const notAllConsidered: Missing = {
  code: 'candidates_truncated',
  detail: `More than ${CONSIDERED} runs and services worked on it: only those that began first were compared.`,
};
