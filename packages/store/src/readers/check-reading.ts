import { clickHouseCode, type Store } from '../open.ts';
import { StoreError } from '../store-error.ts';
import { placesOf } from './statements/places.ts';

/** ClickHouse: not enough privileges. */
const ACCESS_DENIED = '497';

/**
 * Whether this user may read as the readers do: they look rows up in the projections themselves, which is a right of its
 * own. For the start of a service, where somebody looks.
 *
 * @throws StoreError `store_refused` that says what to grant; `store_unavailable`.
 */
export const checkReading = async (store: Store): Promise<void> => {
  try {
    await placesOf({ store, tenant: '' }, 'TraceId', ['none'], 1);
  } catch (error) {
    if (!(error instanceof StoreError) || clickHouseCode(error.cause) !== ACCESS_DENIED) throw error;
    throw new StoreError(
      'store_refused',
      `${error.message}\nQuestions are looked up in projections: GRANT CREATE TEMPORARY TABLE ON *.* to this user, beside SELECT on ${store.database}.*`,
      { cause: error.cause },
    );
  }
};
