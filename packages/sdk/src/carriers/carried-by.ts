import { awsCarrier } from './aws/aws-message.ts';

/** What may name a cause: a carrier, or a message that has one, as SQS, SNS and Lambda deliver it. */
export type CauseSource = object | null | undefined;

/** The fields of W3C Trace Context, each at most once. `tracestate` may be alone: a message had no room for both. */
export interface Carried {
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/** The carrier in a message of any known shape; a carrier is its own. */
export const carriedBy = (source: CauseSource): Carried => {
  if (typeof source !== 'object' || source === null) return {};
  return awsCarrier(source) ?? (source as Carried);
};
