/**
 * Numbers that the store gives to inserted blocks, both ends inclusive. A part holds the rows of a range of them: one
 * block at first, more once parts are merged.
 */
export interface BlockRange {
  readonly min: number;
  readonly max: number;
}

/** Ranges that neither touch nor overlap, the lowest first. */
export const joined = (ranges: readonly BlockRange[]): readonly BlockRange[] => {
  const all: BlockRange[] = [];
  for (const range of [...ranges].filter(({ min, max }) => min <= max).sort((a, b) => a.min - b.min)) {
    const last = all.at(-1);
    if (last !== undefined && range.min <= last.max + 1) {
      all[all.length - 1] = { min: last.min, max: Math.max(last.max, range.max) };
    } else {
      all.push(range);
    }
  }
  return all;
};

export const isCovered = (ranges: readonly BlockRange[], { min, max }: BlockRange): boolean =>
  ranges.some((range) => range.min <= min && max <= range.max);

/** Those of `ranges` that `added` became part of, or all of which are unchanged: what there is to be written down. */
export const grown = (ranges: readonly BlockRange[], added: readonly BlockRange[]): readonly BlockRange[] => {
  const after = joined([...ranges, ...added]);
  return after.filter(({ min, max }) => !ranges.some((range) => range.min === min && range.max === max));
};

/** `20260301_17_19_1`, with the number of a mutation behind it where there was one. */
export const blocksOfPart = (name: string): BlockRange | undefined => {
  const [, min, max] = /^[^_]+_(\d+)_(\d+)_\d+(?:_\d+)?$/.exec(name) ?? [];
  return min === undefined || max === undefined ? undefined : { min: Number(min), max: Number(max) };
};
