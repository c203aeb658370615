import { z } from 'zod';
import { nameGlob, oneOrMore } from '../credentials/credential-fields.ts';
import { type WorkloadRule, workloadRule } from '../credentials/workload-rule.ts';

/** Signatures that a token may carry. What anyone can make (`none`) or any verifier can (`HS…`) is not among them. */
export const TOKEN_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/** Whose tokens count, and for which workloads. */
export interface TokenIssuer {
  /** `iss`. `spiffe://<trust domain>` also stands for tokens without one, by the trust domain of their subject. */
  readonly issuer: string;
  /** One of these must be in `aud`. */
  readonly audience: readonly string[];
  readonly algorithms: readonly (typeof TOKEN_ALGORITHMS)[number][];
  readonly keys: KeyPlace;
  readonly workloads: readonly WorkloadRule[];
}

/** Where an issuer's public keys are. */
export type KeyPlace =
  | { readonly kind: 'file'; readonly path: string }
  /** `discovery`: the URL is the issuer's metadata, which names the URL of the keys. */
  | { readonly kind: 'jwks' | 'discovery'; readonly url: string; readonly access: KeyAccess };

/** What it takes to ask: an API server wants its own CA trusted and a token of ours. */
export interface KeyAccess {
  /** PEM file. */
  readonly caPath?: string;
  /** File with a bearer token, read at each fetch. */
  readonly bearerPath?: string;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Keys that come in the clear could be anyone's. */
const isKeyUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
};

const KEY_URL_RULE = 'must be an https address (http on loopback only), with no password in it';
const path = z.string().min(1, 'is empty');

/** @param resolvePath makes a path of the file absolute */
export const tokenIssuer = (resolvePath: (path: string) => string) =>
  z
    .strictObject({
      issuer: z.string().min(1, 'is empty').max(512, 'is longer than 512 characters'),
      audience: oneOrMore(nameGlob),
      algorithms: z
        .array(z.enum(TOKEN_ALGORITHMS))
        .min(1, 'lists nothing')
        .default(['RS256', 'ES256', 'EdDSA']),
      jwks: z.string().refine(isKeyUrl, KEY_URL_RULE).optional(),
      jwksFile: path.optional(),
      jwksCa: path.optional(),
      jwksBearerFile: path.optional(),
      workloads: z.array(workloadRule).min(1, 'lists nobody'),
    })
    .superRefine(({ issuer, jwks, jwksFile }, context) => {
      const fault = (field: string, message: string): void =>
        context.addIssue({ code: 'custom', path: [field], message });
      if (jwks !== undefined && jwksFile !== undefined)
        fault('jwksFile', 'is given beside jwks: one of them');
      if (jwks === undefined && jwksFile === undefined && !isKeyUrl(issuer)) {
        fault('jwks', 'is needed, or jwksFile: the issuer is no https address at which to discover keys');
      }
    })
    .transform(({ jwks, jwksFile, jwksCa, jwksBearerFile, ...rest }): TokenIssuer => {
      const access: KeyAccess = {
        ...(jwksCa === undefined ? {} : { caPath: resolvePath(jwksCa) }),
        ...(jwksBearerFile === undefined ? {} : { bearerPath: resolvePath(jwksBearerFile) }),
      };
      if (jwksFile !== undefined) return { ...rest, keys: { kind: 'file', path: resolvePath(jwksFile) } };
      if (jwks !== undefined) return { ...rest, keys: { kind: 'jwks', url: jwks, access } };
      return { ...rest, keys: { kind: 'discovery', url: metadataUrl(rest.issuer), access } };
    });

const metadataUrl = (issuer: string): string =>
  `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
