import type { ActionReader } from '../readers/actions/action-reader.ts';
import type { RecordedAction } from '../readers/actions/recorded-action.ts';
import type { RunReader, RunScope } from '../readers/runs/run-reader.ts';
import type { Selection } from '../readers/statements/select.ts';
import { searchAttributed } from './attributed-search.ts';
import { attributionsBelow } from './attribution-filter.ts';
import type { AttributionReader } from './attribution-reader.ts';
import { overlaid } from './overlay.ts';
import { recordsOfAttributions } from './records-of-attributions.ts';

/**
 * The same reader, in whose lists, trees and totals actions without a reference stand where they were attributed to.
 * Single spans are given as they were received: whoever asks for one can work out whom it is to be attributed to now.
 */
export const withAttributions = (
  selection: Selection,
  actions: ActionReader,
  attributions: AttributionReader,
  runs: RunReader,
): ActionReader => {
  const overlay = overlaid(attributions, runs);

  async function* ofTrace(traceId: string, limit: number): AsyncGenerator<readonly RecordedAction[]> {
    for await (const records of actions.ofTrace(traceId, limit)) yield await overlay(records);
  }

  const inheritedBelow = async (scope: RunScope, limit: number): Promise<readonly RecordedAction[]> => {
    const found = await attributions.below(scope, limit);
    return overlay(await recordsOfAttributions(selection, found, attributionsBelow(scope)), found);
  };

  return {
    ...actions,
    ofTrace,

    search: (search) => searchAttributed(selection, actions, attributions, overlay, search),

    below: async (scope, limit) => {
      const [own, inherited] = await Promise.all([
        actions.below(scope, limit),
        inheritedBelow(scope, limit + 1),
      ]);
      if (inherited.length === 0) return own;
      const isClaim = ({ action }: RecordedAction): boolean => action.assurance === 'asserted';
      const ranked = [
        ...own.records.filter((record) => !isClaim(record)),
        ...inherited,
        ...own.records.filter(isClaim),
      ];
      return {
        records: ranked.slice(0, limit).sort(byStart),
        truncated: own.truncated || ranked.length > limit,
      };
    },

    outlineBelow: async (scope, limit) => {
      const [own, inherited] = await Promise.all([
        actions.outlineBelow(scope, limit),
        inheritedBelow(scope, limit + 1),
      ]);
      const all = [...own.actions, ...inherited];
      return { actions: all.slice(0, limit), truncated: own.truncated || all.length > limit };
    },

    some: async (outlined) => overlay(await actions.some(outlined)),
    touching: async (filter, limit) => {
      const found = await actions.touching(filter, limit);
      return { ...found, whole: async (some) => overlay(await found.whole(some)) };
    },

    totalsBelow: async (scope) => {
      const [own, inherited] = await Promise.all([
        actions.totalsBelow(scope),
        attributions.totalsBelow(scope),
      ]);
      return {
        ...own,
        actions: own.actions + inherited.actions,
        errors: own.errors + inherited.errors,
        runs: own.runs + inherited.runs,
        services: own.services + inherited.services,
      };
    },
  };
};

const byStart = ({ action: a }: RecordedAction, { action: b }: RecordedAction): number =>
  a.startTime < b.startTime ? -1 : a.startTime > b.startTime ? 1 : 0;
