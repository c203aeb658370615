import { type Readers, readersOf, type Store, storedRetention } from '@whence/store';
import { type Kept, keptIn } from '../kept.ts';
import { type NotFound, notFoundIn } from '../not-found.ts';
import { NO_RULES, type OwnerRules } from '../owners/owner-rules.ts';
import { type Owners, ownersOf } from '../owners/ownership.ts';
import type { Asker } from './asker.ts';

/** What one request is answered with: nothing but the asker's tenant can be seen through it. */
export interface Context {
  readonly asker: Asker;
  readonly readers: Readers;
  readonly notFound: NotFound;
  readonly kept: Kept;
  readonly owners: Owners;
  /** The same as it was known at a past time, in nanoseconds since the epoch: by what had been received until then. */
  asOf(nanos: bigint): Pick<Context, 'readers' | 'notFound'>;
}

const NANOS_PER_MILLI = 1_000_000n;

/** @param rules those of the owners file as it is now */
export const contextsOf = (
  store: Store,
  rules: () => OwnerRules = () => NO_RULES,
): ((asker: Asker) => Context) => {
  const kept = keptIn(storedRetention(store));
  const byTenant = new Map<string, Omit<Context, 'asker'>>();
  return (asker) => {
    const { tenant } = asker;
    let known = byTenant.get(tenant);
    if (known === undefined) {
      const readers = readersOf(store, tenant);
      known = {
        readers,
        notFound: notFoundIn(readers, tenant, kept),
        kept,
        owners: ownersOf(readers.owners, rules),
        asOf: (nanos) => ({
          readers: readersOf(store, tenant, Number(nanos / NANOS_PER_MILLI)),
          notFound: notFoundIn(readers, tenant, kept, nanos),
        }),
      };
      byTenant.set(tenant, known);
    }
    return { ...known, asker };
  };
};
