import { type Store, storeErrorOf } from '../open.ts';
import type { Attribution } from './attribution.ts';
import { rowOfAttribution } from './attribution-row.ts';

/** What was learnt, as further rows of one tenant. @throws StoreError `store_unavailable`, `store_refused`. */
export const writeAttributions = async (
  store: Store,
  tenant: string,
  attributions: readonly Attribution[],
): Promise<void> => {
  if (attributions.length === 0) return;
  try {
    await store.once((client) =>
      client.insert({
        table: 'attributions',
        values: attributions.map((attribution) => rowOfAttribution(tenant, attribution)),
        format: 'JSONEachRow',
        clickhouse_settings: { date_time_input_format: 'best_effort' },
      }),
    );
  } catch (error) {
    throw storeErrorOf(error, store.url);
  }
};
