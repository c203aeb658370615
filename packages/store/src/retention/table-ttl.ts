import type { AgingTable } from './tiers.ts';

/** How long a table keeps its rows, as the store itself has it. */
export type TableLimit =
  | { readonly status: 'forever' }
  | { readonly status: 'days'; readonly days: number }
  /** Somebody has set it by hand, to something that is none of ours. */
  | { readonly status: 'foreign'; readonly clause: string };

const DAYS = /^(.*) \+ toIntervalDay\((\d+)\)$/;

/** In ClickHouse's own spelling, so that it is the same when it is read back. */
export const ttlOf = (table: AgingTable, days: number): string =>
  `${agesFrom(table)} + toIntervalDay(${days})`;

const agesFrom = ({ received, to }: AgingTable): string =>
  to === 'month' ? `(${received} + toIntervalMonth(1))` : `toDateTime(${received})`;

/** @param engine `engine_full` of `system.tables` */
export const limitIn = (table: AgingTable, engine: string): TableLimit => {
  const [, clause] = / TTL (.+?)(?: SETTINGS |$)/.exec(engine) ?? [];
  if (clause === undefined) return { status: 'forever' };
  const [, from, days] = DAYS.exec(clause) ?? [];
  return from === agesFrom(table) ? { status: 'days', days: Number(days) } : { status: 'foreign', clause };
};
