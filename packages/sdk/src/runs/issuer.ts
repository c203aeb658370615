import type { Outcome, Run, Trigger } from '@whence/model';

export interface StartRequest {
  readonly job: string;
  /** A principal's id. */
  readonly principal?: string;
  readonly trigger: Trigger;
  readonly attempt: number;
  /** An authority's id. */
  readonly authority?: string;
  /** The reference of the run that starts this one. */
  readonly parent?: string;
}

export interface StartedAnswer {
  readonly status: 'started';
  readonly run: Run;
  readonly reference: string;
  /** The issuer's signed statement of the run, where it makes them. */
  readonly txnToken?: string;
}

export type StartAnswer =
  | StartedAnswer
  /** The issuer said no. `code` and `detail` are its own. */
  | {
      readonly status: 'refused';
      readonly httpStatus: number;
      readonly code?: string;
      readonly detail: string;
    }
  /** It did not answer in time, or not as an issuer does. */
  | { readonly status: 'unreachable'; readonly reason: string };

export interface EndRequest {
  readonly outcome: Outcome;
  readonly message?: string;
}

export type EndAnswer = { readonly status: 'ended' } | Exclude<StartAnswer, { readonly status: 'started' }>;

/** Who may run what, as whom. No call throws; each answers within `ISSUER_DEADLINE_MILLIS`. */
export interface Issuer {
  start(request: StartRequest): Promise<StartAnswer>;
  end(runId: string, request: EndRequest): Promise<EndAnswer>;
  /** Another token for a run under way; undefined where it gives none. */
  token(runId: string): Promise<string | undefined>;
}

export const ISSUER_DEADLINE_MILLIS = 5000;
