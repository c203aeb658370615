import { isPrincipalId } from '@whence/model';
import { z } from 'zod';
import { type Claims, claimAt, textOfClaim } from './claim-path.ts';
import { mayBeAuthenticated } from './credential-fields.ts';

/**
 * A URI with claims in it: `k8s://prod/{kubernetes.io/serviceaccount/name}`. `{claim}` is one path segment, so that a
 * `/` in it is encoded and no two workloads can end up with one URI; `{+claim}` may have several, as in RFC 6570.
 */
export type ActorTemplate = readonly (string | Placeholder)[];

interface Placeholder {
  readonly claim: string;
  readonly manySegments: boolean;
}

export type FilledTemplate =
  | { readonly status: 'filled'; readonly uri: string }
  /** No such claim, or one that cannot be part of a URI. */
  | { readonly status: 'unfilled'; readonly claim: string };

const PLACEHOLDER = /\{(\+?)([^{}]+)\}/g;

export const actorTemplate = z.string().transform((text, context): ActorTemplate => {
  const template = parse(text);
  const literals = template.filter((part) => typeof part === 'string').join('');
  const sample = template.map((part) => (typeof part === 'string' ? part : 'x')).join('');
  const scheme = typeof template[0] === 'string' ? '' : 'x:';
  if (/[{}]/.test(literals) || !isPrincipalId(scheme + sample)) {
    context.addIssue({
      code: 'custom',
      message: 'must be a URI such as k8s://cluster/{kubernetes.io/namespace}, claims in braces',
    });
  }
  return template;
});

const parse = (text: string): ActorTemplate => {
  const parts: (string | Placeholder)[] = [];
  let at = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    if (match.index > at) parts.push(text.slice(at, match.index));
    parts.push({ claim: match[2]!, manySegments: match[1] === '+' });
    at = match.index + match[0].length;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts;
};

/** As the credentials file has it. */
export const textOfTemplate = (template: ActorTemplate): string =>
  template
    .map((part) => (typeof part === 'string' ? part : `{${part.manySegments ? '+' : ''}${part.claim}}`))
    .join('');

export const fillTemplate = (template: ActorTemplate, claims: Claims): FilledTemplate => {
  let uri = '';
  for (const part of template) {
    if (typeof part === 'string') {
      uri += part;
      continue;
    }
    const text = textOfClaim(claimAt(claims, part.claim));
    if (text?.isWellFormed() !== true) return { status: 'unfilled', claim: part.claim };
    const encoded = encodeURIComponent(text).replaceAll(/%(?:3A|40|24|26|2B|2C|3B|3D)/g, decodeURIComponent);
    uri += part.manySegments ? encoded.replaceAll('%2F', '/') : encoded;
  }
  if (mayBeAuthenticated(uri)) return { status: 'filled', uri };
  const first = template.find((part) => typeof part !== 'string');
  return { status: 'unfilled', claim: first?.claim ?? '' };
};
