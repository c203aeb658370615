import type { Resolved } from './resolve-traces.ts';
import type { Reason } from './verdict.ts';

/** What a resolver has done since it was started. */
export interface AttributionCounters {
  readonly tracesWorkedOut: number;
  readonly actionsAttributed: number;
  readonly actionsWithdrawn: number;
  /** As often as they were looked at, by why nobody is named. */
  readonly notInherited: Readonly<Partial<Record<Reason, number>>>;
  readonly tracesUnreadable: number;
  readonly turnsFailed: number;
  /** Parts of tables that have not been looked at yet, as of the last turn. */
  readonly partsWaiting: number;
}

/** Counts up. */
export class AttributionTally {
  #counters = {
    tracesWorkedOut: 0,
    actionsAttributed: 0,
    actionsWithdrawn: 0,
    tracesUnreadable: 0,
    turnsFailed: 0,
    partsWaiting: 0,
  };
  readonly #notInherited = new Map<Reason, number>();

  get counters(): AttributionCounters {
    return { ...this.#counters, notInherited: Object.fromEntries(this.#notInherited) };
  }

  add({ traces, attributed, withdrawn, unreadable, notInherited }: Resolved): void {
    this.#counters.tracesWorkedOut += traces;
    this.#counters.actionsAttributed += attributed;
    this.#counters.actionsWithdrawn += withdrawn;
    this.#counters.tracesUnreadable += unreadable.length;
    for (const [reason, times] of notInherited) {
      this.#notInherited.set(reason, (this.#notInherited.get(reason) ?? 0) + times);
    }
  }

  failed(): void {
    this.#counters.turnsFailed += 1;
  }

  waiting(parts: number): void {
    this.#counters.partsWaiting = parts;
  }
}
