import { Metadata, status } from '@grpc/grpc-js';
import type { Counters } from '@whence/model';
import { COUNTED } from '../counters.ts';
import type { RefusalReason, Refused } from '../receive/refusal.ts';
import { retryDetails } from './status-details.ts';

const CODE: Readonly<Record<RefusalReason, status>> = {
  unauthenticated: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  rate_limited: status.RESOURCE_EXHAUSTED,
  too_large: status.RESOURCE_EXHAUSTED,
  malformed: status.INVALID_ARGUMENT,
  unavailable: status.UNAVAILABLE,
};

/** What a client is told by gRPC, counted. */
export const refusalStatus = (refusal: Refused, counters: Counters) => {
  const code = CODE[refusal.reason];
  counters.add(COUNTED.requestsRefused, 1, `protocol="grpc",reason="${refusal.reason}"`);
  const metadata = new Metadata();
  if (refusal.retryAfterSeconds !== undefined) {
    metadata.set('grpc-status-details-bin', retryDetails(code, refusal.message, refusal.retryAfterSeconds));
  }
  return { code, details: refusal.message, metadata };
};
