/** Whole units in a number of nanoseconds, before the epoch too. */
export const unitsDown = (nanos: bigint, unitNanos: bigint): number => {
  const units = nanos / unitNanos;
  return Number(nanos < units * unitNanos ? units - 1n : units);
};

export const unitsUp = (nanos: bigint, unitNanos: bigint): number => -unitsDown(-nanos, unitNanos);
