import { within } from '../../export/within.ts';
import { installed } from '../../startup/installed.ts';

/** What Lambda's runtime says of an invocation. */
export interface LambdaContext {
  getRemainingTimeInMillis?(): number;
}

/** A function whose spans do not leave for the receiver within this time goes on without. */
const FLUSH_MILLIS = 2000;
/** The same while the receiver is known to be away. */
const FLUSH_AWAY_MILLIS = 200;
/** Of the time that is left, what is kept for Lambda itself. */
const SPARE_MILLIS = 50;

/**
 * Lambda stops a process between invocations, and kills it when an invocation takes too long: what is recorded is
 * exported before either. What the receiver does not take in time waits for the next invocation.
 */
export class LambdaInvocation {
  #deadline = Number.POSITIVE_INFINITY;
  #lastCall: NodeJS.Timeout | undefined;
  #receiverAway = false;

  began(context: LambdaContext): void {
    this.over();
    const left = context.getRemainingTimeInMillis?.();
    if (left === undefined || !(left > 0)) return;
    this.#deadline = Date.now() + left;
    const reserve = Math.min(1000, Math.max(100, left / 10));
    this.#lastCall = setTimeout(() => this.#timeIsOver(reserve), left - reserve);
    this.#lastCall.unref();
  }

  over(): void {
    clearTimeout(this.#lastCall);
  }

  /** Resolves when `work`, an export of what is recorded, is done, or the time for it is over. */
  async flush(work: () => Promise<unknown>): Promise<void> {
    const longest = this.#receiverAway ? FLUSH_AWAY_MILLIS : FLUSH_MILLIS;
    const began = Date.now();
    const millis = Math.min(longest, this.#deadline - began - SPARE_MILLIS);
    if (millis <= 0) return;
    await within(millis, work());
    this.#receiverAway = Date.now() - began >= millis;
  }

  #timeIsOver(reserve: number): void {
    const reason = `it was not done ${Math.round(reserve)} ms before Lambda ends it`;
    void installed()?.end.endOpen('timeout', reason, reserve);
  }
}
