/** Who observed an action. Ordered as stored: the position is the stored `Enum8` value. */
export const WITNESSES = [
  /** An instrumented process, about itself. */
  'sdk',
  /** A gateway on the connection. */
  'gateway',
  /** A foreign log. */
  'import',
] as const;

export type Witness = (typeof WITNESSES)[number];
