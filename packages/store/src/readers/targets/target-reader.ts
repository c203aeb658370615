import type { ActionFilter, ActionPage, ActionPosition } from '../actions/action-reader.ts';
import type { Doings } from '../principals/doings.ts';

/**
 * Reads what was acted on, of one tenant, whoever did it: unattributed and refuted records are counted too.
 *
 * Every method throws StoreError `store_unavailable` or `store_refused`, and nothing else.
 */
export interface TargetReader {
  /** By the order asked for. A target that is touched meanwhile moves in orders other than `target`. */
  list(search: TargetSearch): Promise<TargetPage>;
  /** Who touched exactly this target, or any of this shape, newest first. A cursor leads on whatever arrives in between. */
  history(asked: HistoryAsked): Promise<ActionPage>;
}

export const TARGET_ORDERS = ['last_seen', 'actions', 'target'] as const;

/** Newest, most, or first in the alphabet first; equals by target. */
export type TargetOrder = (typeof TARGET_ORDERS)[number];

export interface TargetSearch {
  /** How it begins, or its shape. */
  readonly prefix?: string;
  /** Part of its shape, upper and lower case alike. */
  readonly text?: string;
  readonly system?: string;
  readonly order: TargetOrder;
  /** From 1 to 1000. */
  readonly limit: number;
  readonly after?: TargetPosition;
}

/** Where a page ended. */
export interface TargetPosition {
  /** Of what the order goes by: nanoseconds, actions, or 0 for `target`. */
  readonly value: bigint;
  readonly target: string;
}

export interface TargetSummary extends Doings {
  /** Its shape. */
  readonly target: string;
  /** In alphabetical order; as a rule one. */
  readonly systems: readonly string[];
}

export interface TargetPage {
  readonly targets: readonly TargetSummary[];
  /** Absent: this was the last page. */
  readonly next?: TargetPosition;
}

export interface HistoryAsked {
  readonly target: string;
  readonly filter: Pick<
    ActionFilter,
    'fromNanos' | 'toNanos' | 'principal' | 'operation' | 'assurance' | 'status'
  >;
  /** From 1 to 1000. */
  readonly limit: number;
  readonly after?: ActionPosition;
}
