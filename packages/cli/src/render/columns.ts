import { cutMiddleTo, cutTo, padBefore, padTo, widthOf } from './text-width.ts';

/** A cell: plain text, and how to colour it once it has its final width. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

export interface Column {
  readonly head: string;
  /** Cells at most; the first column has none, it takes what the others leave. */
  readonly most?: number;
  readonly align?: 'left' | 'right';
  readonly cut?: 'end' | 'middle';
}

const GAP = 2;
const FIRST_LEAST = 24;

/**
 * Lines of aligned columns. Each column is as wide as its widest cell, `most` at most; the first gets the rest of the
 * line, and no more than it needs. No line has blanks at its end.
 *
 * @param width cells of a line
 */
export const alignColumns = (
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number,
): string[] => {
  const needed = columns.map(({ head }, at) =>
    rows.reduce((most, row) => Math.max(most, widthOf(row[at]!.text)), widthOf(head)),
  );
  const widths = columns.map(({ most }, at) => Math.min(needed[at]!, most ?? Number.POSITIVE_INFINITY));
  const others = widths.slice(1).reduce((sum, each) => sum + each + GAP, 0);
  widths[0] = Math.min(needed[0]!, Math.max(FIRST_LEAST, width - others));

  return rows.map((row) => {
    const filled = row.findLastIndex(({ text }) => text !== '');
    return row
      .slice(0, filled + 1)
      .map(({ text, paint }, at) => {
        const { align, cut } = columns[at]!;
        const cells = widths[at]!;
        const fitting = (cut === 'middle' ? cutMiddleTo : cutTo)(text, cells);
        const padded =
          align === 'right' ? padBefore(fitting, cells) : at === filled ? fitting : padTo(fitting, cells);
        return paint === undefined ? padded : paint(padded);
      })
      .join(' '.repeat(GAP));
  });
};
