import type { Ids } from '../rows/ids.ts';
import type { Engine } from '../stage/engine.ts';
import type { Plan } from '../work/plan.ts';

/** Somebody else's tables on the same engine, filled with the same spans, and how they are asked. */
export interface SchemaPeer {
  readonly name: 'exporter' | 'jaegerSchema';
  readonly database: string;
  /** Statements, in order. */
  readonly tables: readonly string[];
  readonly fill: (engine: Engine, plan: Plan, filled: (rows: number) => void) => Promise<void>;
  readonly traceById: (trace: string) => string;
  /** Which spans link to this one? */
  readonly linkedFrom: (span: Ids) => string;
}
