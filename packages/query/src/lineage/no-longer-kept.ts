import type { Run } from '@whence/model';
import { parseRfc3339 } from '@whence/store';
import { type Kept, toldLimit } from '../kept.ts';
import type { Missing, MissingCode } from './missing.ts';
import type { WhoAnswer } from './who-answer.ts';

/** What these say has not arrived may have, and gone again. */
const MAY_HAVE_GONE: readonly MissingCode[] = ['parent_missing', 'cause_missing', 'run_span_missing'];

/**
 * The same answer, which says so where what is missing in it may have been received and is no longer kept. A parent or
 * an opening span is not much older than what names it; how old a linked cause is, nothing tells.
 */
export const withWhatWentFromWho = async (kept: Kept, answer: WhoAnswer): Promise<WhoAnswer> => {
  const codes = answer.missing.map(({ code }) => code).filter((code) => MAY_HAVE_GONE.includes(code));
  if (codes.length === 0) return answer;
  const limit = await kept.limitOf('spans');
  if (limit === undefined) return answer;
  const began = [
    ...answer.chain.map(({ action }) => action.startTime),
    ...[answer.action?.startTime, answer.run?.startedAt],
  ].filter((moment) => moment !== undefined);
  const isOld = began.some((moment) => millisOf(moment) < limit.fromMillis);
  if (!isOld && !codes.includes('cause_missing')) return answer;
  return { ...answer, missing: [...answer.missing, notKept(toldLimit('Spans', limit))] };
};

/** Of a run that began before what is kept: what it did is not told whole, whatever is found of it. */
export const whatWentOfRun = async (kept: Kept, { id, startedAt }: Run): Promise<readonly Missing[]> => {
  const limit = await kept.limitOf('spans');
  if (limit === undefined || millisOf(startedAt) >= limit.fromMillis) return [];
  return [notKept(`Run ${id} began at ${startedAt}. ${toldLimit('Spans', limit)}`)];
};

const notKept = (detail: string): Missing => ({ code: 'not_kept', detail });

const millisOf = (moment: string): number => Number((parseRfc3339(moment) ?? 0n) / 1_000_000n);
