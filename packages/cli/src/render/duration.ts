const NANOS_PER_MILLI = 1_000_000;

/** Three figures at most: `840 µs`, `12.4 ms`, `1.52 s`, `3 min 20 s`, `2 h 5 min`. */
export const durationText = (nanos: number): string => {
  const micros = nanos / 1000;
  if (micros < 999.5) return `${figures(micros)} µs`;
  const millis = nanos / NANOS_PER_MILLI;
  if (millis < 999.5) return `${figures(millis)} ms`;
  const seconds = millis / 1000;
  if (seconds < 59.95) return `${figures(seconds)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds) % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

/** @param from @param to RFC 3339 */
export const durationBetween = (from: string, to: string): string =>
  durationText((Date.parse(to) - Date.parse(from)) * NANOS_PER_MILLI);

const figures = (value: number): string => {
  const digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return String(Number(value.toFixed(digits)));
};
