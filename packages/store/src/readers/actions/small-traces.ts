import { PLACES_PER_STATEMENT, type Place, placesOf } from '../statements/places.ts';
import { BY_ID, OF_TENANT, type Selection } from '../statements/select.ts';
import type { ActionReader, ActionsFound } from './action-reader.ts';
import type { ActionRow } from './action-row.ts';
import { rowsAtPlaces } from './placed-actions.ts';
import type { RecordedAction } from './recorded-action.ts';
import { areDistinct, selectActions } from './select-actions.ts';

type Recorded = (rows: readonly ActionRow[]) => Promise<readonly RecordedAction[]>;

/** Traces whole, where they are small. Of a large one no row is read: its places tell that it is. */
export const smallTracesOf = (
  selection: Selection,
  recorded: Recorded,
): Pick<ActionReader, 'smallTrace' | 'smallTraces'> => {
  const smallTraces: ActionReader['smallTraces'] = async (traceIds, limit) => {
    if (traceIds.length === 0) return new Map();
    const places = Map.groupBy(await placesOf(selection, 'TraceId', traceIds, limit + 1), ({ id }) => id);
    const sizes = traceIds.map((traceId) => ({ traceId, places: places.get(traceId) ?? [] }));
    const isLarge = ({ places }: TracePlaces): boolean => places.length > limit;
    const small = batchesOf(sizes.filter((trace) => !isLarge(trace)));
    const found = await Promise.all(small.map((batch) => batchFound(batch, limit)));
    const large = sizes
      .filter(isLarge)
      .map(({ traceId }): Found => [traceId, { records: [], truncated: true }]);
    return new Map([...found.flat(), ...large]);
  };

  const batchFound = async (batch: readonly TracePlaces[], limit: number): Promise<readonly Found[]> => {
    const places = batch.flatMap((trace) => trace.places);
    const rows = places.length === 0 ? [] : await rowsAtPlaces(selection, { places, column: 'TraceId' });
    if (rows === undefined || !areDistinct(rows)) {
      return Promise.all(batch.map(({ traceId }) => foundInOne(traceId, limit)));
    }
    const records = Map.groupBy(await recorded(rows), ({ action }) => action.traceId);
    return batch.map(({ traceId }) => [traceId, { records: records.get(traceId) ?? [], truncated: false }]);
  };

  /** Found and read in one statement: what parts hold does not change meanwhile. */
  const foundInOne = async (traceId: string, limit: number): Promise<Found> => {
    const rows = await selectActions(
      selection,
      {
        condition: `TraceId = {trace:String} AND ${OF_TENANT}`,
        order: 'ReceivedAt, BatchId, RowNumber',
        way: BY_ID,
        unsortedFirst: true,
      },
      { trace: traceId, limit: limit + 1 },
    );
    const truncated = rows.length > limit;
    return [traceId, { records: truncated ? [] : await recorded(rows), truncated }];
  };

  return {
    smallTraces,
    smallTrace: async (traceId, limit) => (await smallTraces([traceId], limit)).get(traceId)!,
  };
};

type Found = readonly [traceId: string, found: ActionsFound];

interface TracePlaces {
  readonly traceId: string;
  readonly places: readonly Place[];
}

/** As many together as one statement takes. */
const batchesOf = (traces: readonly TracePlaces[]): readonly (readonly TracePlaces[])[] => {
  const batches: TracePlaces[][] = [];
  let room = 0;
  for (const trace of traces) {
    room -= trace.places.length;
    if (room < 0 || batches.length === 0) {
      batches.push([]);
      room = PLACES_PER_STATEMENT - trace.places.length;
    }
    batches.at(-1)!.push(trace);
  }
  return batches;
};
