import type { KeyObject } from 'node:crypto';
import { compactVerify } from 'jose';
import { readJwt } from '../authentication/token-text.ts';
import { type Refusal, refused } from '../issuer/refusal.ts';
import {
  readClaims,
  TOKEN_LIFETIME_MAX,
  TRANSACTION_TOKEN_ALGORITHM,
  TRANSACTION_TOKEN_TYPE,
  type TransactionToken,
  transactionTokenOf,
} from './transaction-token.ts';

/** Whose Transaction Tokens count. */
export interface TransactionTokenTrust {
  /** Must be `iss` and `aud`: one issuer is all that a trust domain has. */
  readonly trustDomain: string;
  /** Public Ed25519 keys by id: of the issuer's key set. */
  readonly keys: ReadonlyMap<string, KeyObject>;
}

export type TransactionTokenRefusalCode =
  /** No JWT. */
  | 'token_malformed'
  /** A JWT of another type: for another use. */
  | 'token_type_wrong'
  /** Signed by another algorithm than `EdDSA`, or by none. */
  | 'token_algorithm_refused'
  | 'token_key_unknown'
  | 'token_signature_wrong'
  /** Of or for another trust domain. */
  | 'token_issuer_wrong'
  | 'token_audience_wrong'
  | 'token_expired'
  /** Issued in the future. */
  | 'token_not_yet_valid'
  /** A claim is missing, or not what it must be. */
  | 'token_claims_invalid';

export type TransactionTokenVerdict =
  | { readonly status: 'verified'; readonly token: TransactionToken }
  | Refusal<TransactionTokenRefusalCode>;

/** What two clocks may differ by. */
const LEEWAY_SECONDS = 10;

/**
 * Checks a Transaction Token with nothing but the issuer's public keys. Nothing of the token but its key id chooses how
 * it is checked. Never repeats it in what it says. That it verifies says what the issuer allowed when it was made, not
 * that whoever presents it is the workload that it names.
 */
export const verifyTransactionToken = async (
  token: string,
  { trustDomain, keys }: TransactionTokenTrust,
  now: Date = new Date(),
): Promise<TransactionTokenVerdict> => {
  const text = readJwt(token);
  if (text.status === 'malformed') return refused('token_malformed', `the token is malformed: ${text.why}`);
  const { typ, alg, kid } = text.header;
  if (typ !== TRANSACTION_TOKEN_TYPE) {
    return refused('token_type_wrong', `the token is not of the type ${TRANSACTION_TOKEN_TYPE}`);
  }
  if (alg !== TRANSACTION_TOKEN_ALGORITHM) {
    return refused('token_algorithm_refused', `the token is not signed by ${TRANSACTION_TOKEN_ALGORITHM}`);
  }
  const key = typeof kid === 'string' ? keys.get(kid) : undefined;
  if (key === undefined)
    return refused('token_key_unknown', 'the token is signed with a key that is not known');
  if (!(await isSignedWith(token, key))) {
    return refused('token_signature_wrong', 'the signature of the token is wrong');
  }

  const claims = readClaims(text.payload);
  if (claims === undefined) {
    return refused('token_claims_invalid', 'a claim of the token is missing, or not what it must be');
  }
  if (claims.aud !== trustDomain) {
    return refused('token_audience_wrong', 'the token is for another trust domain');
  }
  if (claims.iss !== trustDomain) return refused('token_issuer_wrong', 'the token is of another issuer');
  const seconds = now.getTime() / 1000;
  if (claims.iat > seconds + LEEWAY_SECONDS) {
    return refused('token_not_yet_valid', 'the token was issued in the future');
  }
  if (claims.exp <= seconds - LEEWAY_SECONDS) return refused('token_expired', 'the token has expired');
  if (claims.exp <= claims.iat || claims.exp - claims.iat > TOKEN_LIFETIME_MAX) {
    return refused('token_claims_invalid', `the token does not live from 1 to ${TOKEN_LIFETIME_MAX} seconds`);
  }
  return { status: 'verified', token: transactionTokenOf(claims) };
};

const isSignedWith = async (token: string, key: KeyObject): Promise<boolean> => {
  try {
    await compactVerify(token, key, { algorithms: [TRANSACTION_TOKEN_ALGORITHM] });
    return true;
  } catch {
    return false;
  }
};
