import type { Witness } from '@whence/model';

/** What an action's own record says of it, as attributions repeat it: in the words of the store. */
export interface ActionFacts {
  /** Nanoseconds since the epoch. */
  readonly startNanos: bigint;
  readonly serviceName: string;
  readonly statusCode: string;
  readonly system: string;
  readonly operation: string;
  readonly target: string;
  readonly witness: Witness;
  readonly actor: string;
  /** When it was done, but never later than it was received: nanoseconds since the epoch. */
  readonly seenNanos: bigint;
}

export interface FactsRow {
  readonly StartNanos: string;
  readonly ServiceName: string;
  readonly StatusCode: string;
  readonly System: string;
  readonly Operation: string;
  readonly Target: string;
  readonly Witness: Witness;
  readonly Actor: string;
  readonly SeenNanos: string;
}

export const factsOf = (row: FactsRow): ActionFacts => ({
  startNanos: BigInt(row.StartNanos),
  serviceName: row.ServiceName,
  statusCode: row.StatusCode,
  system: row.System,
  operation: row.Operation,
  target: row.Target,
  witness: row.Witness,
  actor: row.Actor,
  seenNanos: BigInt(row.SeenNanos),
});
