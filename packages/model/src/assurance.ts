/** How we know the principal of an action. Ordered as stored: the position is the stored `Enum8` value. */
export const ASSURANCES = [
  /** No reference came with the action: nobody is named. */
  'none',
  /** Claimed, unproven: a reference without a MAC. */
  'asserted',
  /** Derived from a verified ancestor. */
  'inherited',
  /** The reference's MAC was checked. */
  'verified',
  /** A proof was given, and it failed. */
  'refuted',
] as const;

export type Assurance = (typeof ASSURANCES)[number];
