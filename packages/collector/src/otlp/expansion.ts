import { CollectorError } from '../collector-error.ts';

const FREE_BYTES = 64 << 20;
const TIMES = 10;
/** Of one append: no more is read from a file at once. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * What may be made of a request of so many bytes. A row repeats what its resource and scope say, so a few bytes could
 * stand for any number: 600 kB for 3 GB. What senders send in earnest grows by far less.
 */
export const expansionMaxBytes = (bodyBytes: number): number =>
  Math.min(FREE_BYTES + TIMES * bodyBytes, MOST_BYTES);

export const expandsTooFar = (bodyBytes: number): CollectorError =>
  new CollectorError(
    'otlp_malformed',
    `the spans of this request, each with its resource and scope, would be more than ${expansionMaxBytes(bodyBytes)} bytes: send fewer at once`,
  );
