import type { Run } from '@whence/model';
import type { Ranked, Reach, Readers } from '@whence/store';

type Branch = Reach['branches']['items'][number];

export interface ToldReach extends Omit<Reach, 'totals' | 'branches'> {
  readonly totals: Reach['totals'] &
    Readonly<Record<'principals' | 'services' | 'systems' | 'operations' | 'targets', number>>;
  readonly branches: Ranked<Branch & { readonly run?: Run }>;
}

/** A reach with the records of the runs that head its branches, and how many there are of everything. */
export const toldReach = async (readers: Readers, reach: Reach): Promise<ToldReach> => {
  const { principals, services, systems, operations, targets, branches, totals } = reach;
  const runs = await readers.runs.byIds(branches.items.map(({ runId }) => runId));
  return {
    totals: {
      ...totals,
      principals: principals.total,
      services: services.total,
      systems: systems.total,
      operations: operations.total,
      targets: targets.total,
    },
    branches: {
      total: branches.total,
      items: branches.items.map((branch) => {
        const recorded = runs.get(branch.runId);
        return recorded === undefined ? branch : { ...branch, run: recorded.run };
      }),
    },
    ...{ principals, services, systems, operations, targets },
  };
};
