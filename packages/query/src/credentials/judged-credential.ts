import type { CredentialSummary } from '@whence/store';

/** A credential, and what is to be said of it at some time. */
export interface JudgedCredential extends CredentialSummary {
  /** Since it was issued, or else since it is known, and then at least. */
  readonly ageSeconds: number;
  /** Absent: never used. */
  readonly idleSeconds?: number;
  readonly dormant: boolean;
  readonly expired: boolean;
  readonly overdue: boolean;
}

/** Days after which a credential that is not used is called dormant, where nothing else is asked for. */
export const DORMANT_DAYS = 30;
export const DAY_MILLIS = 86_400_000;

/** @param nowMillis since the epoch */
export const judged = (
  credential: CredentialSummary,
  nowMillis: number,
  dormantDays = DORMANT_DAYS,
): JudgedCredential => {
  const { issuedAt, knownSince, lastUsed, expiresAt, entry } = credential;
  const since = (moment: string): number => nowMillis - Date.parse(moment);
  const isPast = (moment: string | undefined): boolean => moment !== undefined && since(moment) > 0;
  return {
    ...credential,
    ageSeconds: seconds(since(issuedAt ?? knownSince)),
    ...(lastUsed === undefined ? {} : { idleSeconds: seconds(since(lastUsed)) }),
    dormant: since(lastUsed ?? knownSince) > dormantDays * DAY_MILLIS,
    expired: isPast(expiresAt),
    overdue: isPast(entry?.rotateAfter),
  };
};

/** Clocks of different hosts differ. */
const seconds = (millis: number): number => Math.max(0, Math.floor(millis / 1000));
