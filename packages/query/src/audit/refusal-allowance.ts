const AT_ONCE = 200;
const PER_SECOND = 20;

/**
 * How many refused requests are recorded one by one: anyone may send these, as fast as they like. A token bucket.
 *
 * @param elapsed milliseconds since whenever, by a clock that is never set
 */
export const refusalAllowance = (elapsed: () => number = () => performance.now()): (() => boolean) => {
  let left = AT_ONCE;
  let filledAt = elapsed();
  return () => {
    const now = elapsed();
    left = Math.min(AT_ONCE, left + ((now - filledAt) / 1000) * PER_SECOND);
    filledAt = now;
    if (left < 1) return false;
    left--;
    return true;
  };
};
