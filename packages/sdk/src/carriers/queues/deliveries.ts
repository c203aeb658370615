import { type Context, createContextKey, type Link } from '@opentelemetry/api';
import type { RunScope } from '../../runs/run-scope.ts';
import { type CauseElsewhere, linksTo, runOfCause } from '../caused-by.ts';

/** A message as it reaches its handler. */
export interface Delivery {
  readonly cause: CauseElsewhere | undefined;
  /** From 1, as far as this consumer knows. */
  readonly attempt?: number | undefined;
}

/** What a library is about to hand to its handler, by what tells one message of it from the next. */
export type Deliveries = ReadonlyMap<string | undefined, Delivery>;

const DELIVERIES = createContextKey('whence deliveries');

export const withDeliveries = (context: Context, deliveries: Deliveries): Context =>
  context.setValue(DELIVERIES, deliveries);

export const deliveriesIn = (context: Context): Deliveries | undefined =>
  context.getValue(DELIVERIES) as Deliveries | undefined;

/** The run that every one of them names; undefined where one names another or none, or is a tick. */
export const agreedRun = (deliveries: Deliveries): RunScope | undefined => {
  let agreed: RunScope | undefined;
  for (const { cause } of deliveries.values()) {
    const run = cause === undefined || cause.kind === 'schedule' ? undefined : runOfCause(cause);
    if (run === undefined || (agreed !== undefined && agreed.reference !== run.reference)) return undefined;
    agreed = run;
  }
  return agreed;
};

/** One for each span that sent any of them. The SDK bounds them (128), and counts those beyond. */
export const linksToAll = (deliveries: Deliveries): Link[] => {
  const links = new Map<string, Link>();
  for (const { cause } of deliveries.values()) {
    for (const link of linksTo(cause)) links.set(link.context.spanId, link);
  }
  return [...links.values()];
};
