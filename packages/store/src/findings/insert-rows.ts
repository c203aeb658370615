import { storeErrorOf } from '../open.ts';
import type { Selection } from '../readers/statements/select.ts';

/** Durable when it resolves. @throws StoreError `store_unavailable` or `store_refused`. */
export const insertRows = async (
  { store, tenant }: Selection,
  table: string,
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<void> => {
  if (rows.length === 0) return;
  try {
    await store.once((client) =>
      client.insert({
        table,
        values: rows.map((row) => ({ TenantId: tenant, ...row })),
        format: 'JSONEachRow',
        clickhouse_settings: { async_insert: 0, date_time_input_format: 'best_effort' },
      }),
    );
  } catch (error) {
    throw storeErrorOf(error, store.url);
  }
};

/** As the store takes a moment in JSON. */
export const momentOf = (millis: number): string => new Date(millis).toISOString();
