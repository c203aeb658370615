import { readFileSync } from 'node:fs';
import { SEVERITIES, type Severity } from '@whence/store';
import { z } from 'zod';
import { QueryError } from '../../query-error.ts';
import { readYaml, ruleGlob } from '../findings-file.ts';

/** One receiver. */
export interface Endpoint {
  readonly name: string;
  readonly url: string;
  /** Each signs; more than one while a secret is being changed. */
  readonly secrets: readonly Buffer[];
  /** This one and graver ones. */
  readonly severity: Severity;
  readonly rules: readonly string[];
  /** Absent: those of the service's own tenant. */
  readonly tenants?: readonly string[];
  readonly timeoutSeconds: number;
}

export interface WebhooksFile {
  /** Where people reach the API: links in bodies begin with it. */
  readonly baseUrl: string;
  readonly endpoints: readonly Endpoint[];
}

export const NO_WEBHOOKS: WebhooksFile = { baseUrl: '', endpoints: [] };

const SECRET_BYTES_MIN = 24;

const secret = z.string().transform((text, context) => {
  const [, encoded = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  // The value is not repeated: faults are logged.
  if (bytes.length < SECRET_BYTES_MIN || bytes.length > 64) {
    context.addIssue('a secret is whsec_ and 24 to 64 bytes in base64: openssl rand -base64 32');
  }
  return bytes;
});

const httpUrl = z.string().superRefine((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    context.addIssue('an http or https address');
  } else if (url.username !== '' || url.password !== '') {
    context.addIssue('holds a user or password: the signature proves who sends');
  }
});

const ENDPOINT = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and hyphens, 63 at most'),
  url: httpUrl,
  secrets: z.array(secret).min(1, 'name one at least').max(5),
  severity: z.enum(SEVERITIES).default('low'),
  rules: z.array(ruleGlob).min(1).default(['*']),
  tenants: z.array(z.string().min(1)).min(1).exactOptional(),
  timeoutSeconds: z.number().min(1).max(60).default(15),
});

const FILE = z.strictObject({
  baseUrl: httpUrl.default(''),
  endpoints: z
    .array(ENDPOINT)
    .max(50)
    .default([])
    .superRefine((endpoints, context) => {
      endpoints.forEach(({ name }, index) => {
        if (endpoints.findIndex((other) => other.name === name) < index) {
          context.addIssue({
            code: 'custom',
            path: [index, 'name'],
            message: 'is that of another endpoint as well',
          });
        }
      });
    }),
});

/** @throws QueryError `settings_invalid`, with every fault. */
export const openWebhooksFile = (path: string): WebhooksFile => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new QueryError('settings_invalid', `${path}: cannot be read`, { cause });
  }
  return readWebhooksFile(text, path);
};

/** @throws QueryError `settings_invalid`, with every fault. */
export const readWebhooksFile = (text: string, path: string): WebhooksFile => readYaml(FILE, text, path);
