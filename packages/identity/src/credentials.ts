import {
  type Authority,
  authorityOf,
  type CodedError,
  isPrincipalId,
  PRINCIPAL_KINDS,
  type Principal,
  WITNESSES,
  type Witness,
} from '@whence/model';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { CREDENTIAL_ID, KEY_HASH, withoutKeys } from './credential-key.ts';
import { type IdentityErrorCode, identityError } from './identity-error.ts';
import { isJobName } from './job-pattern.ts';

/** A kind of run that the holder of a credential may start. */
export interface Grant {
  readonly principal: Principal;
  /** Job names, `*` for any characters. Absent: any job. */
  readonly jobs?: readonly string[];
  /** What allows these runs. */
  readonly authority?: Authority;
}

/** A workload that we can recognise, and what it may do. */
export interface Credential {
  readonly id: string;
  readonly tenant: string;
  /** The workload that holds the key, by URI. */
  readonly actor: string;
  /** What its records are: its own word (`sdk`), a connection's (`gateway`), a foreign log's (`import`). */
  readonly witness: Witness;
  /** In the order of the file; the first that fits a request counts. */
  readonly grants: readonly Grant[];
}

export interface CredentialSet {
  readonly trustDomain: string;
  /** By credential id. */
  readonly credentials: ReadonlyMap<string, Credential>;
  /** SHA-256 of the key text, by credential id. */
  readonly hashes: ReadonlyMap<string, Buffer>;
}

const uri = z
  .string()
  .refine(isPrincipalId, 'must be a URI such as k8s://cluster/namespace/name, 512 characters at most');

const grant = z.strictObject({
  principal: z.strictObject({ id: uri, kind: z.enum(PRINCIPAL_KINDS) }),
  jobs: z
    .array(z.string().refine(isJobName, 'must be a job name, 1 to 200 characters, * for any characters'))
    .min(1, 'lists no job; leave it out to allow any')
    .optional(),
  authority: z
    .string()
    .refine((id) => authorityOf(id) !== undefined, 'must be user:…, policy:… or approval:…')
    .transform((id) => authorityOf(id)!)
    .optional(),
});

const key = z.strictObject({
  id: z.string().regex(CREDENTIAL_ID, 'must be 1 to 40 of a-z, 0-9 and -'),
  hash: z
    .string()
    .regex(KEY_HASH, 'must be sha256: and 64 lower-case hex digits (the hash, never the key itself)'),
  tenant: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be 1 to 63 of a-z, 0-9 and -, not beginning with -')
    .default('default'),
  actor: uri,
  witness: z.enum(WITNESSES).default('sdk'),
  grants: z.array(grant).default([]),
});

const file = z.strictObject({
  trustDomain: z.string().regex(/^[a-z0-9._-]{1,255}$/, 'must be 1 to 255 of a-z, 0-9, ., _ and -'),
  keys: z.array(key).superRefine((keys, context) => {
    for (const field of ['id', 'hash'] as const) {
      const first = new Map<string, number>();
      keys.forEach((each, at) => {
        const before = first.get(each[field]);
        if (before === undefined) first.set(each[field], at);
        else
          context.addIssue({
            code: 'custom',
            path: [at, field],
            message: `is that of keys[${before}] as well`,
          });
      });
    }
  }),
});

/**
 * @param text the credentials file, YAML or JSON
 * @param source its name, for messages
 * @throws CodedError `credentials_invalid`, with every fault and where it is; no value of the file is repeated
 */
export const readCredentials = (text: string, source: string): CredentialSet => {
  const parsed = file.safeParse(documentIn(text, source), { reportInput: false });
  if (!parsed.success) throw invalid(source, parsed.error.issues.map(faultOf));
  const { trustDomain, keys } = parsed.data;
  return {
    trustDomain,
    credentials: new Map(
      keys.map(({ hash: _, ...credential }) => [credential.id, Object.freeze(credential) as Credential]),
    ),
    hashes: new Map(keys.map(({ id, hash }) => [id, Buffer.from(hash.slice('sha256:'.length), 'hex')])),
  };
};

const documentIn = (text: string, source: string): unknown => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw invalid(
      source,
      document.errors.map(({ pos, code }) => {
        const { line, col } = lines.linePos(pos[0]);
        return `line ${line}, column ${col}: not YAML (${code})`;
      }),
    );
  }
  return document.toJS();
};

const faultOf = ({ path, message }: z.core.$ZodIssue): string => {
  const where = path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : `${text}${text === '' ? '' : '.'}${String(step)}`,
    '',
  );
  return `${where === '' ? '(the file)' : where}: ${message}`;
};

const invalid = (source: string, faults: readonly string[]): CodedError<IdentityErrorCode> =>
  identityError(
    'credentials_invalid',
    withoutKeys(
      `${source}: ${faults.length === 1 ? '1 fault' : `${faults.length} faults`}\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    ),
  );
