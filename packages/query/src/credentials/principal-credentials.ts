import type { Ranked, Readers } from '@whence/store';
import { defined } from '../api/defined.ts';
import { type JudgedCredential, judged } from './judged-credential.ts';

/** What whoever may read the inventory is told of a credential; where it came from, and by which issue, is for auditors. */
export interface PrincipalCredential
  extends Omit<
    JudgedCredential,
    | 'rule'
    | 'entry'
    | 'issuer'
    | 'subject'
    | 'fingerprint'
    | 'firstUsed'
    | 'spans'
    | 'addresses'
    | 'usesElsewhere'
  > {
  /** Since when no credentials file has it any more. */
  readonly withdrawn?: string;
  /** When the key is to be replaced, as the file says. */
  readonly rotateAfter?: string;
}

/**
 * By what it, and the workloads that had its runs started, proved who they are; used last first. Rules that stand for
 * many are left out: each credential that one recognised is there by itself.
 *
 * @param limit items at most
 */
export const credentialsOfPrincipal = async (
  { principals, credentials }: Pick<Readers, 'principals' | 'credentials'>,
  id: string,
  limit: number,
  dormantDays?: number,
): Promise<Ranked<PrincipalCredential>> => {
  const actors = [...new Set([id, ...(await principals.starters(id))])];
  const found = await credentials.list({ filter: { actors, rule: false }, order: 'recent', limit });
  const nowMillis = Date.now();
  return {
    items: found.credentials.map((credential) => toldOf(judged(credential, nowMillis, dormantDays))),
    total: found.left,
  };
};

const toldOf = (credential: JudgedCredential): PrincipalCredential => {
  const { id, kind, actors, issuedAt, expiresAt, knownSince, lastUsed, uses, issues, entry } = credential;
  const { ageSeconds, idleSeconds, dormant, expired, overdue } = credential;
  return {
    ...{ id, kind, actors, knownSince, uses, ageSeconds, dormant, expired, overdue },
    ...defined({ issuedAt, expiresAt, lastUsed, idleSeconds, issues }),
    ...defined({ withdrawn: entry?.withdrawn, rotateAfter: entry?.rotateAfter }),
  };
};
