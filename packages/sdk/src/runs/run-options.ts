import type { Span } from '@opentelemetry/api';
import type { Authority, Principal, Trigger } from '@whence/model';
import type { CurrentRun } from './active-run.ts';

export interface RunOptions {
  /** What is executed, by name: `nightly-reconcile`. */
  readonly job: string;
  /** Whom the run acts as. May be left out where the credential has only one. */
  readonly principal?: string | Principal;
  /** Default: `parent` inside another run, otherwise `manual`. */
  readonly trigger?: Trigger;
  /** What allows it: `policy:nightly-jobs@3`. The issuer decides. */
  readonly authority?: string;
  /** From 1. */
  readonly attempt?: number;
}

/** Whom a run is handed to. What is left out is as in the run that hands over. */
export interface HandoffOptions {
  readonly as: string | Principal;
  /** Default: the job of the run that hands over. */
  readonly job?: string;
  /** What allows the new principal to take it: an approval, a policy. The issuer decides. */
  readonly authority?: string;
}

export interface ActiveRun extends CurrentRun {
  readonly job: string;
  readonly attempt: number;
  readonly trigger: Trigger;
  readonly principal?: { readonly id: string; readonly kind?: Principal['kind'] };
  readonly authority?: Authority;
  readonly parentRunId?: string;
  /** The run span: for attributes and events of one's own. The SDK ends it. */
  readonly span: Span;
}
