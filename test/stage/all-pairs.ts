type Fields = Readonly<Record<string, readonly unknown[]>>;

/**
 * Few choices of one value per field, such that every pair of values of two fields is in one of them: faults come from
 * two fields at a time far more often than from three.
 */
export const allPairs = <F extends Fields>(fields: F): readonly { [Of in keyof F]: F[Of][number] }[] => {
  const names = Object.keys(fields);
  const sizes = names.map((name) => fields[name]!.length);
  const key = (a: number, i: number, b: number, j: number): string =>
    a < b ? `${a}:${i},${b}:${j}` : `${b}:${j},${a}:${i}`;
  const open = new Set<string>();
  for (let a = 0; a < names.length; a++) {
    for (let b = a + 1; b < names.length; b++) {
      for (let i = 0; i < sizes[a]!; i++) for (let j = 0; j < sizes[b]!; j++) open.add(key(a, i, b, j));
    }
  }
  const choices: { [Of in keyof F]: F[Of][number] }[] = [];
  while (open.size > 0) {
    // Begins with a pair that is missing, and gives each other field the value that covers most of what is missing.
    const [first] = open;
    const chosen = new Map(first!.split(',').map((part) => part.split(':').map(Number) as [number, number]));
    for (const [field, size] of sizes.entries()) {
      if (chosen.has(field)) continue;
      const gain = (value: number): number =>
        [...chosen].filter(([other, at]) => open.has(key(field, value, other, at))).length;
      const values = Array.from({ length: size }, (_, value) => value);
      chosen.set(
        field,
        values.reduce((best, value) => (gain(value) > gain(best) ? value : best)),
      );
    }
    for (const [a, i] of chosen) for (const [b, j] of chosen) if (a !== b) open.delete(key(a, i, b, j));
    choices.push(
      Object.fromEntries(
        names.map((name, field) => [name, fields[name]![chosen.get(field)!]]),
      ) as (typeof choices)[0],
    );
  }
  return choices;
};
