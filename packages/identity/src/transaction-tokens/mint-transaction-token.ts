import type { Run } from '@whence/model';
import { SignJWT } from 'jose';
import type { TokenKey } from './token-keys.ts';
import {
  claimsOf,
  TOKEN_LIFETIME_MAX,
  TOKEN_LIFETIME_MIN,
  TRANSACTION_TOKEN_ALGORITHM,
  TRANSACTION_TOKEN_TYPE,
} from './transaction-token.ts';

export interface TokenMintParts {
  readonly key: TokenKey;
  readonly trustDomain: string;
  /** How long a token lives, from `TOKEN_LIFETIME_MIN` to `TOKEN_LIFETIME_MAX`. */
  readonly lifetimeSeconds: number;
}

/**
 * Makes the Transaction Token of a run, for the workload that was authenticated. MUST be asked only for runs that the
 * issuer itself has started. What it returns is for that workload alone: never log it, never keep it.
 */
export type TokenMint = (run: Run, workload: string, now: Date) => Promise<string>;

export const createTokenMint = ({ key, trustDomain, lifetimeSeconds }: TokenMintParts): TokenMint => {
  if (
    !Number.isInteger(lifetimeSeconds) ||
    lifetimeSeconds < TOKEN_LIFETIME_MIN ||
    lifetimeSeconds > TOKEN_LIFETIME_MAX
  ) {
    throw new RangeError(
      `a token lives ${TOKEN_LIFETIME_MIN} to ${TOKEN_LIFETIME_MAX} seconds, not ${lifetimeSeconds}`,
    );
  }
  const header = { alg: TRANSACTION_TOKEN_ALGORITHM, typ: TRANSACTION_TOKEN_TYPE, kid: key.kid };
  return (run, workload, now) => {
    if (run.assurance !== 'verified') throw new TypeError(`run ${run.id} was started by no issuer`);
    const iat = Math.floor(now.getTime() / 1000);
    return new SignJWT({ ...claimsOf(run, workload, trustDomain), iat, exp: iat + lifetimeSeconds })
      .setProtectedHeader(header)
      .sign(key.privateKey);
  };
};
