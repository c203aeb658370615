import type { Assurance } from './assurance.ts';
import type { Authority } from './authority.ts';
import type { Principal } from './principal.ts';

/** Why a run began. `parent`: its parent run went on in it. `handoff`: its parent handed over to another principal. */
export const TRIGGERS = ['schedule', 'webhook', 'message', 'manual', 'api', 'parent', 'handoff'] as const;

export type Trigger = (typeof TRIGGERS)[number];

export const OUTCOMES = ['success', 'failure', 'cancelled', 'timeout'] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** Ancestors kept in `path`; a deeper run keeps the nearest ones. */
export const RUN_PATH_MAX_LENGTH = 64;

/** One execution of something: a cron tick, a pipeline run, an agent session. */
export interface Run {
  /** UUIDv7. */
  readonly id: string;
  /** The run that began it all; its own id for a root. */
  readonly rootId: string;
  readonly parentId?: string;
  /** Ancestor run ids, the root first, at most `RUN_PATH_MAX_LENGTH`. */
  readonly path: readonly string[];
  /** What is executed, by name: `nightly-reconcile`. */
  readonly job: string;
  /** From 1. */
  readonly attempt: number;
  readonly trigger: Trigger;
  readonly principal: Principal;
  readonly authority?: Authority;
  /** `verified` where an issuer started it, `asserted` where a process said so itself. */
  readonly assurance: Assurance;
  /** The workload that asked for the run, as authenticated by the issuer. */
  readonly actor?: string;
  readonly tenant: string;
  /** RFC 3339, milliseconds, UTC. */
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly outcome?: Outcome;
  /** What the run said of its end, for people. */
  readonly message?: string;
}
