import { type Store, storeErrorOf } from '../open.ts';
import { select } from '../readers/statements/select.ts';
import type { ShipLog } from '../ship/ship-log.ts';
import type { Retention } from './retention.ts';
import { type TableState, tableStates } from './table-state.ts';
import { ttlOf } from './table-ttl.ts';
import { type AgingTable, TABLES_OF_TIER, TIERS, type Tier } from './tiers.ts';

type RetentionLog = Pick<ShipLog, 'info' | 'warn'>;

/**
 * Has the store drop what is older than is set, by itself and from now on. What has the limit already is left alone, and
 * so is a table on which somebody has set another TTL by hand. Safe to call again, also after it was cut off.
 *
 * Returns when the store has taken it; what is due goes within seconds or minutes from then.
 *
 * @throws StoreError `store_unavailable`; `store_refused`, as where the user may not `ALTER`.
 */
export const applyRetention = async (
  store: Store,
  retention: Retention,
  log: RetentionLog,
): Promise<void> => {
  for (const tier of TIERS) {
    const days = retention.get(tier);
    for (const state of await tableStates(store, TABLES_OF_TIER[tier])) {
      if (state.limit.status === 'foreign') sayForeign(state, tier, days, log);
      else if (daysIn(state) !== days) await change(store, state, { tier, days }, log);
      else if (days !== undefined && isUnmeasured(state, days)) await measure(store, state.table, log);
    }
  }
};

const daysIn = ({ limit }: TableState): number | undefined =>
  limit.status === 'days' ? limit.days : undefined;

const sayForeign = (state: TableState, tier: Tier, days: number | undefined, log: RetentionLog): void => {
  if (state.limit.status !== 'foreign') return;
  const { name } = state.table;
  log.warn(
    { tier, table: name, ttl: state.limit.clause, days: days ?? 'forever' },
    `retention is not applied: ${name} has a TTL that was set by hand. ALTER TABLE ${name} REMOVE TTL lets it be set here`,
  );
};

interface Change {
  readonly tier: Tier;
  /** Absent: for ever. */
  readonly days: number | undefined;
}

/**
 * What was written before has its date from the limit that was in force then, or none: the engine goes by that date and
 * by nothing else. So the dates are made anew with the limit, in one statement, which reads the one column.
 */
const change = async (
  store: Store,
  state: TableState,
  { tier, days }: Change,
  log: RetentionLog,
): Promise<void> => {
  const { table } = state;
  const former = daysIn(state);
  await alter(
    store,
    days === undefined
      ? `ALTER TABLE ${table.name} REMOVE TTL`
      : `ALTER TABLE ${table.name} MODIFY TTL ${ttlOf(table, days)} SETTINGS materialize_ttl_after_modify = 1, ${ASYNCHRONOUSLY}`,
  );
  const said = { tier, table: table.name, days: days ?? 'forever', before: former ?? 'forever' };
  const due = days === undefined ? undefined : whatIsDue(state, days);
  if (due === undefined) log.info(said, 'retention is set');
  else log.warn({ ...said, ...due }, 'retention is set: what is older is deleted now');
};

/** Of parts all of which is older. */
const whatIsDue = ({ parts }: TableState, days: number) => {
  const due = parts.filter(({ lastMillis }) => lastMillis + days * DAY_MILLIS <= Date.now());
  if (due.length === 0) return undefined;
  return {
    rows: due.reduce((sum, { rows }) => sum + rows, 0),
    bytes: due.reduce((sum, { bytes }) => sum + bytes, 0),
    oldest: new Date(Math.min(...due.map(({ firstMillis }) => firstMillis))).toISOString(),
  };
};

/** Parts that came another way, out of a backup for one, or before a statement that was cut off. */
const isUnmeasured = ({ parts }: TableState, days: number): boolean =>
  parts.some(
    ({ lastMillis, goesMillis }) => Math.abs(lastMillis + days * DAY_MILLIS - goesMillis) > TIME_ZONES_MILLIS,
  );

const measure = async (store: Store, { name }: AgingTable, log: RetentionLog): Promise<void> => {
  const [under] = await select<{ readonly Mutations: number }>(
    { store, tenant: '' },
    `SELECT toUInt32(count()) AS Mutations FROM system.mutations
     WHERE database = currentDatabase() AND table = {name:String} AND NOT is_done AND command LIKE '%MATERIALIZE TTL%'`,
    { name },
  );
  if (under !== undefined && under.Mutations > 0) return;
  await alter(store, `ALTER TABLE ${name} MATERIALIZE TTL SETTINGS mutations_sync = 0`);
  log.info({ table: name }, 'parts without a date to go by are given theirs');
};

const alter = async (store: Store, query: string): Promise<void> => {
  try {
    await store.once((client) => client.command({ query }));
  } catch (error) {
    throw storeErrorOf(error, store.url);
  }
};

/** It goes on at the server: a large table takes longer than a request may. */
const ASYNCHRONOUSLY = 'alter_sync = 0';
const DAY_MILLIS = 86_400_000;
/** A day begins at another time where the server is; and a month's length is told by its zone. */
const TIME_ZONES_MILLIS = 2 * DAY_MILLIS;
