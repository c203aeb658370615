import { hash } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import type { Credential } from '../credentials/credential-fields.ts';
import { tokenEntryId, tokenProof } from '../credentials/credential-proofs.ts';
import { recogniseWorkload } from '../credentials/workload-rule.ts';
import type { Authentication, AuthenticationRefusalCode } from './authentication.ts';
import { IssuerKeys, type IssuerKeysOptions, type KeySnapshot } from './issuer-keys.ts';
import type { TokenIssuer } from './token-issuer.ts';
import { readToken } from './token-text.ts';

export interface TokenVerifier {
  /** A token that was verified before is answered at once, any other later. */
  verify(token: string): Authentication | Promise<Authentication>;
}

interface Trusted {
  readonly issuer: TokenIssuer;
  readonly keys: IssuerKeys;
}

interface Verified {
  readonly credential: Credential;
  readonly untilMillis: number;
  readonly keys: IssuerKeys;
  /** The keys that it was verified with: with others it has to be again, since its own may have been withdrawn. */
  readonly snapshot: KeySnapshot;
}

const LEEWAY_SECONDS = 60;
const SUBJECT_SAID_LENGTH = 200;
const VERIFIED_MAX = 10_000;
const SPIFFE_TRUST_DOMAIN = /^spiffe:\/\/[^/]+/;

export interface TokenVerifierOptions extends IssuerKeysOptions {
  /** The time of day. */
  readonly now: () => number;
}

export const createTokenVerifier = (
  issuers: ReadonlyMap<string, TokenIssuer>,
  options: TokenVerifierOptions,
): TokenVerifier => {
  const trusted = new Map<string, Trusted>(
    [...issuers].map(([name, issuer]) => [name, { issuer, keys: new IssuerKeys(issuer, options) }]),
  );
  /** By the token's hash: nothing here could be presented. */
  const verified = new Map<string, Verified>();
  const underWay = new Map<string, Promise<Authentication>>();

  const remember = (id: string, entry: Verified): void => {
    verified.delete(id);
    verified.set(id, entry);
    if (verified.size > VERIFIED_MAX) verified.delete(verified.keys().next().value!);
  };

  const verify = async (id: string, token: string): Promise<Authentication> => {
    const text = readToken(token);
    if (text.status === 'malformed') return refused('token_malformed', `the token is malformed: ${text.why}`);
    const by = issuerOf(text.payload, trusted);
    if (by === undefined) {
      return refused('token_issuer_unknown', 'the token is of an issuer that is not in the credentials file');
    }
    const checked = await checkWithKeys(token, by, options.now);
    if ('status' in checked) return checked;
    const recognised = recogniseWorkload(by.issuer.workloads, checked.payload);
    if (recognised.status === 'unrecognised') {
      const subject = JSON.stringify(checked.payload.sub).slice(0, SUBJECT_SAID_LENGTH);
      return refused('workload_unknown', `the token is good, but ${recognised.detail} (subject ${subject})`);
    }
    const { issuer } = by.issuer;
    const proof = tokenProof(issuer, checked.payload, tokenEntryId(issuer, recognised.rule), id);
    const credential = Object.freeze({ ...recognised.credential, proof });
    const untilMillis = (checked.payload.exp! + LEEWAY_SECONDS) * 1000;
    remember(id, { credential, untilMillis, keys: by.keys, snapshot: checked.snapshot });
    return { status: 'authenticated', credential };
  };

  return {
    verify(token) {
      const id = hash('sha256', token, 'base64');
      const known = verified.get(id);
      if (known !== undefined) {
        if (options.now() < known.untilMillis && known.keys.current === known.snapshot) {
          return { status: 'authenticated', credential: known.credential };
        }
        verified.delete(id);
      }
      let pending = underWay.get(id);
      if (pending === undefined) {
        pending = verify(id, token).finally(() => underWay.delete(id));
        underWay.set(id, pending);
      }
      return pending;
    },
  };
};

/** SPIFFE's JWT-SVIDs need not say their issuer: it is the trust domain of their subject. */
const issuerOf = (payload: JWTPayload, trusted: ReadonlyMap<string, Trusted>): Trusted | undefined => {
  const { iss, sub } = payload;
  if (typeof iss === 'string') return trusted.get(iss);
  const trustDomain = iss === undefined && typeof sub === 'string' ? SPIFFE_TRUST_DOMAIN.exec(sub) : null;
  return trustDomain === null ? undefined : trusted.get(trustDomain[0]);
};

type Checked = { readonly payload: JWTPayload; readonly snapshot: KeySnapshot } | Authentication;

/**
 * A key that is not known may have been published a moment ago. So a token is refused for good only after a fetch that
 * began later than it arrived.
 */
const checkWithKeys = async (
  token: string,
  { issuer, keys }: Trusted,
  now: () => number,
): Promise<Checked> => {
  const begunBefore = keys.fetches;
  if (keys.current === undefined) await keys.settled();
  for (let done = 0; ; ) {
    const snapshot = keys.current;
    if (snapshot !== undefined) {
      const checked = await check(token, issuer, snapshot, now());
      if (!isKeyUnknown(checked) || done > begunBefore) return checked;
    }
    const fetched = await keys.fetchNow();
    if (fetched.status !== 'fetched') return keysUnavailable(fetched.retryAfterSeconds);
    done = fetched.fetch;
  }
};

const isKeyUnknown = (checked: Checked): boolean =>
  'status' in checked && checked.status === 'refused' && checked.code === 'token_key_unknown';

const keysUnavailable = (retryAfterSeconds: number): Authentication => ({
  status: 'unavailable',
  detail: 'the keys of the token’s issuer cannot be fetched now: keep what you have and try again',
  retryAfterSeconds,
});

const check = async (
  token: string,
  { issuer, audience, algorithms }: TokenIssuer,
  snapshot: KeySnapshot,
  nowMillis: number,
): Promise<Checked> => {
  try {
    const { payload } = await jwtVerify(token, snapshot.keyOf, {
      algorithms: [...algorithms],
      audience: [...audience],
      clockTolerance: LEEWAY_SECONDS,
      currentDate: new Date(nowMillis),
      requiredClaims: ['exp', 'sub'],
      ...(issuer.startsWith('spiffe://') ? {} : { issuer }),
    });
    if (issuer.startsWith('spiffe://') && payload.sub?.startsWith(`${issuer}/`) !== true) {
      return refused('token_claims_invalid', 'the subject of the token is of another trust domain');
    }
    return { payload, snapshot };
  } catch (error) {
    return refusalOf(error);
  }
};

const KEY_UNKNOWN = 'the token is signed with a key that its issuer does not publish';

/** What jose found. Its own texts are not passed on. */
const refusalOf = (error: unknown): Authentication => {
  if (error instanceof errors.JWTExpired)
    return refused('token_expired', 'the token has expired: get a new one');
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return refused('token_audience_wrong', 'the token is for another audience');
    if (error.claim === 'iss') return refused('token_issuer_unknown', 'the token is of another issuer');
    if (error.claim === 'nbf' && error.reason === 'check_failed') {
      return refused('token_not_yet_valid', 'the token is not valid yet');
    }
    return refused('token_claims_invalid', `the token has no good claim "${error.claim}"`);
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return refused('token_algorithm_refused', 'the token is signed by an algorithm that is not allowed');
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return refused('token_signature_wrong', 'the signature of the token is wrong');
  }
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) {
    return refused('token_malformed', 'the token is malformed');
  }
  if (error instanceof errors.JOSENotSupported) {
    return refused('token_malformed', 'the token asks for something that is not supported');
  }
  // No such key, several of the name, or one that cannot check anything.
  return refused('token_key_unknown', KEY_UNKNOWN);
};

const refused = (code: AuthenticationRefusalCode, detail: string): Authentication => ({
  status: 'refused',
  code,
  detail,
});
