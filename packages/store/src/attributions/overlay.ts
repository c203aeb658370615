import type { Action } from '@whence/model';
import { type RecordedAction, spanKey } from '../readers/actions/recorded-action.ts';
import { mayName } from '../readers/runs/recorded-run.ts';
import type { RunReader } from '../readers/runs/run-reader.ts';
import { parseRfc3339 } from '../readers/statements/rfc3339.ts';
import type { Attribution, Inherited } from './attribution.ts';
import type { AttributionReader } from './attribution-reader.ts';

/**
 * Shows actions without a reference with what they were attributed to.
 *
 * @param known their attributions, where they are at hand.
 */
export type Overlay = (
  records: readonly RecordedAction[],
  known?: readonly Attribution[],
) => Promise<readonly RecordedAction[]>;

export const overlaid =
  (attributions: AttributionReader, runs: RunReader): Overlay =>
  async (records, known) => {
    const unstamped = records.filter(isUnstamped);
    if (unstamped.length === 0) return records;
    const found =
      known === undefined
        ? await attributions.ofSpans(unstamped.map(({ action }) => action))
        : new Map(known.map((attribution) => [spanKey(attribution), attribution]));
    if (found.size === 0) return records;
    const unnamed = [...found.values()]
      .map(({ inherited }) => inherited)
      .filter((inherited) => inherited !== undefined && inherited.principal === undefined);
    const recorded = await runs.byIds(unnamed.map((inherited) => inherited?.runId ?? ''));
    return records.map((record) => {
      const attribution = isUnstamped(record) ? found.get(spanKey(record.action)) : undefined;
      if (attribution?.inherited === undefined || !isOf(attribution, record.action)) return record;
      const { inherited } = attribution;
      const run = inherited.principal === undefined ? recorded.get(inherited.runId)?.run : undefined;
      return {
        ...record,
        action: {
          ...record.action,
          ...attributionOf(
            run === undefined || !mayName('inherited', run)
              ? inherited
              : { ...inherited, ...run, rootRunId: run.rootId },
          ),
        },
      };
    });
  };

const isUnstamped = ({ action, conflict }: RecordedAction): boolean =>
  action.assurance === 'none' && !conflict;

/** Another record that came later under the same ids need not be of the same action. */
const isOf = ({ facts }: Attribution, { startTime }: Action): boolean =>
  parseRfc3339(startTime) === facts.startNanos;

/** What an action that inherits shows of whoever caused it. */
export const attributionOf = ({
  runId,
  rootRunId,
  principal,
  authority,
  from,
}: Omit<Inherited, 'runPath'>): Pick<
  Action,
  'assurance' | 'principal' | 'runId' | 'rootRunId' | 'authority' | 'inheritedFrom'
> => ({
  assurance: 'inherited',
  runId,
  ...(rootRunId === undefined ? {} : { rootRunId }),
  ...(principal === undefined ? {} : { principal: { id: principal.id, kind: principal.kind } }),
  ...(authority === undefined ? {} : { authority }),
  inheritedFrom: from,
});
