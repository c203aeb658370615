import type { RetentionAnswer } from '@whence/query';
import { alignColumns, type Cell, type Column } from './columns.ts';
import { plainText } from './plain-text.ts';
import { styleOf } from './style.ts';
import type { RenderOptions } from './tree.ts';

const COLUMNS: readonly Column[] = [
  { head: 'TIER' },
  { head: 'KEPT' },
  { head: 'OLDEST' },
  { head: 'NEXT GOES' },
  { head: 'ROWS', align: 'right' },
  { head: 'ON DISK', align: 'right' },
];
const WIDTH = 100;

/** A line for each tier, and one for each table with which something is not as it is set here. */
export const renderRetention = (
  { tiers }: RetentionAnswer,
  { columns = WIDTH, colours = false }: RenderOptions,
  nowMillis = Date.now(),
): string => {
  const style = styleOf(colours);
  const head = COLUMNS.map((column): Cell => ({ text: column.head, paint: style.dim }));
  const rows = tiers.map(({ tier, days, oldest, nextGoes, rows: count, bytes }): readonly Cell[] =>
    [
      plainText(tier),
      days === undefined ? 'for ever' : days === 1 ? '1 day' : `${days} days`,
      oldest === undefined ? '' : dayOf(oldest),
      nextGoes === undefined ? '' : Date.parse(nextGoes) <= nowMillis ? 'due' : dayOf(nextGoes),
      count.toLocaleString('en-US'),
      bytesText(bytes),
    ].map((text) => ({ text })),
  );
  const byHand = tiers
    .flatMap(({ tables }) => tables)
    .filter(({ otherTtl }) => otherTtl !== undefined)
    .map(({ table, otherTtl }) =>
      style.doubtful(`${plainText(table)} has a TTL that was set by hand: ${plainText(otherTtl ?? '')}`),
    );
  return `${[...alignColumns(COLUMNS, [head, ...rows], columns), ...byHand].join('\n')}\n`;
};

const dayOf = (moment: string): string => plainText(moment.slice(0, 10));

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `0 B`, `840 kB`, `1.4 GB` */
const bytesText = (bytes: number): string => {
  const power = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 99.95 ? Math.round(value) : Number(value.toFixed(1))} ${UNITS[power]}`;
};
