import {
  type Authority,
  authorityOf,
  isPrincipalId,
  isPrincipalKind,
  isRunId,
  type Principal,
  type Run,
} from '@whence/model';
import { z } from 'zod';

/** `typ` and `alg` of every Transaction Token here, exactly. */
export const TRANSACTION_TOKEN_TYPE = 'txntoken+jwt';
export const TRANSACTION_TOKEN_ALGORITHM = 'EdDSA';

/** Seconds that a token may live. */
export const TOKEN_LIFETIME_MIN = 30;
export const TOKEN_LIFETIME_MAX = 3_600;

/** What a verified Transaction Token says: who acts in which run, allowed by what. */
export interface TransactionToken {
  readonly trustDomain: string;
  /** `txn`: the run that began it all. */
  readonly rootRunId: string;
  readonly runId: string;
  readonly parentRunId?: string;
  /** `sub`, with its kind. */
  readonly principal: Principal;
  /** `scope`: the job as one scope value. */
  readonly scope: string;
  readonly job: string;
  readonly attempt: number;
  readonly trigger: string;
  readonly authority?: Authority;
  /** `req_wl`: the workload that asked for the token, as authenticated. */
  readonly workload: string;
  readonly tenant: string;
  /** RFC 3339, UTC. */
  readonly issuedAt: string;
  readonly expiresAt: string;
}

/**
 * The claims of draft-ietf-oauth-transaction-tokens-10 without times. Its names for what it has names for; what is ours
 * stands in `tctx`, the context that never changes.
 */
export const claimsOf = (run: Run, workload: string, trustDomain: string) => ({
  iss: trustDomain,
  aud: trustDomain,
  txn: run.rootId,
  sub: run.principal.id,
  scope: scopeOf(run.job),
  req_wl: workload,
  tctx: {
    run: run.id,
    ...(run.parentId === undefined ? {} : { parent: run.parentId }),
    job: run.job,
    attempt: run.attempt,
    trigger: run.trigger,
    principal_kind: run.principal.kind,
    ...(run.authority === undefined ? {} : { authority: run.authority.id }),
    tenant: run.tenant,
  },
});

/** A job's name as one scope value (RFC 6749, section 3.3): what may not stand in one is percent-encoded, and `%`. */
export const scopeOf = (job: string): string =>
  job.replace(/[^\x21\x23\x24\x26-\x5b\x5d-\x7e]/gu, encodeURIComponent);

const runId = z.string().refine(isRunId);

/** Members that this version does not know are passed over. */
const payload = z.object({
  iss: z.string(),
  aud: z.string(),
  iat: z.int(),
  exp: z.int(),
  txn: runId,
  sub: z.string().refine(isPrincipalId),
  scope: z.string().min(1),
  req_wl: z.string().min(1),
  tctx: z.object({
    run: runId,
    parent: runId.optional(),
    job: z.string().min(1),
    attempt: z.int().min(1),
    trigger: z.string(),
    principal_kind: z.string(),
    authority: z
      .string()
      .refine((id) => authorityOf(id) !== undefined)
      .optional(),
    tenant: z.string().min(1),
  }),
});

export type TransactionClaims = z.output<typeof payload>;

/** @returns undefined where a claim is missing or not what it must be */
export const readClaims = (claims: unknown): TransactionClaims | undefined => payload.safeParse(claims).data;

export const transactionTokenOf = ({ aud, iat, exp, txn, sub, scope, req_wl, tctx }: TransactionClaims) => {
  const { principal_kind: kind, authority } = tctx;
  return {
    trustDomain: aud,
    rootRunId: txn,
    runId: tctx.run,
    ...(tctx.parent === undefined ? {} : { parentRunId: tctx.parent }),
    // A kind that this version does not know is still something that acts.
    principal: { id: sub, kind: isPrincipalKind(kind) ? kind : 'workload' },
    scope,
    job: tctx.job,
    attempt: tctx.attempt,
    trigger: tctx.trigger,
    ...(authority === undefined ? {} : { authority: authorityOf(authority)! }),
    workload: req_wl,
    tenant: tctx.tenant,
    issuedAt: new Date(iat * 1000).toISOString(),
    expiresAt: new Date(exp * 1000).toISOString(),
  } satisfies TransactionToken;
};
