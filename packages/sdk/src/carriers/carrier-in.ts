import { awsCarrier } from './aws/aws-message.ts';
import type { Carrier } from './carrier.ts';

/**
 * Reads the carrier out of a message as its library hands it over; undefined where the message is of another shape. A
 * message of this shape without a carrier gives an empty one: it is nobody's. One a library, beside it.
 */
export type CarrierReader = (message: object) => Partial<Carrier> | undefined;

const READERS: readonly CarrierReader[] = [awsCarrier];

/** The carrier in a message of any known shape; a carrier is its own. */
export const carrierIn = (message: object | undefined | null): Partial<Carrier> => {
  if (typeof message !== 'object' || message === null) return {};
  for (const read of READERS) {
    const carrier = read(message);
    if (carrier !== undefined) return carrier;
  }
  return message as Partial<Carrier>;
};
