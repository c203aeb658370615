import type { Spool, SpoolLog } from './spool.ts';

const LOOK_EVERY_MILLIS = 30_000;
/** The store was away for a while: worth a line. */
export const LONG_WAIT_MILLIS = 600_000;

/**
 * Says so in the log when rows have waited long, at 10 minutes and whenever the wait has doubled since, and when that is
 * over. However old they are, they are kept.
 */
export class AgeWatch {
  private readonly spools: readonly Spool[];
  private readonly log: SpoolLog;
  private readonly timer: NodeJS.Timeout;
  /** Of each table that was spoken of, the wait at which it is again. */
  private readonly nextMillis = new Map<string, number>();

  constructor(spools: readonly Spool[], log: SpoolLog) {
    this.spools = spools;
    this.log = log;
    this.timer = setInterval(() => this.look(Date.now()), LOOK_EVERY_MILLIS).unref();
  }

  look(now: number): void {
    for (const spool of this.spools) {
      const { name } = spool.table;
      const age = spool.ageMillis(now);
      if (age >= (this.nextMillis.get(name) ?? LONG_WAIT_MILLIS)) {
        this.nextMillis.set(name, 2 * age);
        this.log.warn(
          { table: name, ageSeconds: Math.round(age / 1000), bytes: spool.bytes },
          'rows have waited long to be sent: they are kept until they are',
        );
      } else if (age < LONG_WAIT_MILLIS && this.nextMillis.delete(name)) {
        this.log.warn({ table: name }, 'rows do not wait long any more');
      }
    }
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
