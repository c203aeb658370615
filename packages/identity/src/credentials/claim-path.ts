/** The verified payload of a token. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * The claim at a path in which `/` descends: `kubernetes.io/serviceaccount/name`. A claim whose own name has slashes
 * (`https://example.com/roles`) is found by that name first.
 */
export const claimAt = (claims: Claims, path: string): unknown => {
  if (Object.hasOwn(claims, path)) return claims[path];
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const head = path.slice(0, slash);
    const below = Object.hasOwn(claims, head) ? claims[head] : undefined;
    if (isObject(below)) return claimAt(below, path.slice(slash + 1));
  }
  return undefined;
};

const CLAIM_MAX_LENGTH = 2_048;

/** Texts, numbers and booleans as texts; undefined for anything else, for the empty text and for one that is too long. */
export const textOfClaim = (claim: unknown): string | undefined => {
  if (typeof claim === 'string') {
    return claim === '' || claim.length > CLAIM_MAX_LENGTH ? undefined : claim;
  }
  return typeof claim === 'number' || typeof claim === 'boolean' ? String(claim) : undefined;
};

const isObject = (value: unknown): value is Claims =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
