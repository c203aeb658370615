import type { Store } from '../open.ts';
import { select } from '../readers/statements/select.ts';
import { type StoredPart, type TableState, tableLimits, tableStates } from './table-state.ts';
import { KEPT_TIERS, type KeptTier, TABLES_KEPT, TABLES_OF_TIER, TIERS, type Tier } from './tiers.ts';

/** What of a tier is in the store, of all tenants together. */
export interface TierStored {
  readonly tier: Tier | KeptTier;
  /** Of its tables the one that keeps shortest; absent: for ever. */
  readonly days?: number;
  readonly rows: number;
  readonly bytes: number;
  /** When its oldest row was received. Absent: there is none, or it does not age. */
  readonly oldest?: string;
  /** When the next part of it goes, or is due since. */
  readonly nextGoes?: string;
  readonly tables: readonly TableStored[];
}

export interface TableStored {
  readonly table: string;
  readonly days?: number;
  /** A TTL that somebody has set by hand; what it does is not known here. */
  readonly otherTtl?: string;
  readonly rows: number;
  readonly bytes: number;
  readonly oldest?: string;
  readonly nextGoes?: string;
}

/**
 * How long the store keeps what, as the store itself has it: whoever set it. Every method throws StoreError
 * `store_unavailable` or `store_refused`, and nothing else.
 */
export interface RetentionReader {
  /** Days, by tier. One that is not in it is kept for ever. */
  limits(): Promise<ReadonlyMap<Tier, number>>;
  /** Of every tier, also those that are kept for good. Reads no rows. */
  stored(): Promise<readonly TierStored[]>;
}

/** Of all tenants: what is kept for how long is the same for each. */
export const storedRetention = (store: Store): RetentionReader => ({
  limits: async () => {
    const limits = await tableLimits(store, ALL_TABLES);
    const daysOf = (tier: Tier) =>
      shortest(
        TABLES_OF_TIER[tier].map(({ name }) => {
          const limit = limits.get(name);
          return limit?.status === 'days' ? limit.days : undefined;
        }),
      );
    return new Map(
      TIERS.flatMap((tier) => {
        const days = daysOf(tier);
        return days === undefined ? [] : [[tier, days] as const];
      }),
    );
  },

  stored: async () => {
    const states = new Map(
      (await tableStates(store, ALL_TABLES)).map((state) => [state.table.name, state] as const),
    );
    const kept = await sizes(store, Object.values(TABLES_KEPT).flat());
    return [
      ...TIERS.map((tier) =>
        tierOf(
          tier,
          TABLES_OF_TIER[tier].map(({ name }) => tableOf(states.get(name)!)),
        ),
      ),
      ...KEPT_TIERS.map((tier) =>
        tierOf(
          tier,
          TABLES_KEPT[tier].map((table) => ({ table, rows: 0, bytes: 0, ...kept.get(table) })),
        ),
      ),
    ];
  },
});

const ALL_TABLES = TIERS.flatMap((tier) => TABLES_OF_TIER[tier]);

const tierOf = (tier: Tier | KeptTier, tables: readonly TableStored[]): TierStored => {
  const days = shortest(tables.map((table) => table.days));
  return {
    tier,
    ...(days === undefined ? {} : { days }),
    rows: sum(tables, ({ rows }) => rows),
    bytes: sum(tables, ({ bytes }) => bytes),
    ...earliest('oldest', tables),
    ...earliest('nextGoes', tables),
    tables,
  };
};

const tableOf = ({ table, limit, parts }: TableState): TableStored => ({
  table: table.name,
  ...(limit.status === 'days' ? { days: limit.days } : {}),
  ...(limit.status === 'foreign' ? { otherTtl: limit.clause } : {}),
  rows: sum(parts, ({ rows }) => rows),
  bytes: sum(parts, ({ bytes }) => bytes),
  ...firstOf('oldest', parts, ({ firstMillis }) => firstMillis),
  ...(limit.status === 'days' ? firstOf('nextGoes', parts, ({ goesMillis }) => goesMillis) : {}),
});

const sizes = async (
  store: Store,
  names: readonly string[],
): Promise<ReadonlyMap<string, { readonly rows: number; readonly bytes: number }>> => {
  const rows = await select<{ Name: string; Rows: string; Bytes: string }>(
    { store, tenant: '' },
    `SELECT table AS Name, toString(sum(rows)) AS Rows, toString(sum(bytes_on_disk)) AS Bytes
     FROM system.parts WHERE database = currentDatabase() AND active AND table IN {names:Array(String)}
     GROUP BY table`,
    { names },
  );
  return new Map(rows.map(({ Name, Rows, Bytes }) => [Name, { rows: Number(Rows), bytes: Number(Bytes) }]));
};

const shortest = (all: readonly (number | undefined)[]): number | undefined => {
  const days = all.filter((each) => each !== undefined);
  return days.length === 0 ? undefined : Math.min(...days);
};

const sum = <Item>(items: readonly Item[], of: (item: Item) => number): number =>
  items.reduce((total, item) => total + of(item), 0);

/** Parts of which the engine does not know it count as none. */
const firstOf = <Field extends string>(
  field: Field,
  parts: readonly StoredPart[],
  of: (part: StoredPart) => number,
): { readonly [Name in Field]?: string } => {
  const known = parts.map(of).filter((millis) => millis > 0);
  return (known.length === 0 ? {} : { [field]: new Date(Math.min(...known)).toISOString() }) as {
    readonly [Name in Field]?: string;
  };
};

const earliest = <Field extends 'oldest' | 'nextGoes'>(
  field: Field,
  tables: readonly TableStored[],
): { readonly [Name in Field]?: string } => {
  const [first] = tables
    .map((table) => table[field])
    .filter((each) => each !== undefined)
    .sort();
  return (first === undefined ? {} : { [field]: first }) as { readonly [Name in Field]?: string };
};
