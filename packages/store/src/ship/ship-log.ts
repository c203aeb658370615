import type { SpoolLog } from '../spool/spool.ts';

/** What deliveries tell an operator: a pino logger is one. */
export interface ShipLog extends SpoolLog {
  info(fields: Record<string, unknown>, message: string): void;
  child(fields: Record<string, unknown>): ShipLog;
}
