import type { ActionPage, ActionReader } from '../actions/action-reader.ts';
import type { HistoryAsked } from './target-reader.ts';

/** A search by the whole target: `Target = …` with conditions on the time, which a key on the two serves. */
export const historyOf = (
  actions: ActionReader,
  { target, filter, limit, after }: HistoryAsked,
): Promise<ActionPage> =>
  actions.search({
    filter: { ...filter, wholeTarget: target },
    limit,
    ...(after === undefined ? {} : { after }),
  });
