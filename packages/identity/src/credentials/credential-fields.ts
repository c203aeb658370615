import {
  type Authority,
  authorityOf,
  type CredentialProof,
  isPrincipalId,
  PRINCIPAL_KINDS,
  type Principal,
  WITNESSES,
  type Witness,
} from '@whence/model';
import { z } from 'zod';
import { isJobName } from './job-pattern.ts';
import { ROLES, type Role } from './role.ts';

/** A kind of run that the holder of a credential may start. */
export interface Grant {
  readonly principal: Principal;
  /** Job names, `*` for any characters. Absent: any job. */
  readonly jobs?: readonly string[] | undefined;
  /** What allows these runs. */
  readonly authority?: Authority | undefined;
}

/** A workload that we can recognise, and what it may do. */
export interface Credential {
  /** For messages: the id of a key, the actor where it proved itself otherwise. */
  readonly id: string;
  readonly tenant: string;
  /** The workload that holds the credential, by URI. */
  readonly actor: string;
  /** What its records are: its own word (`sdk`), a connection's (`gateway`), a foreign log's (`import`). */
  readonly witness: Witness;
  /** In the order of the file; the first that fits a request counts. */
  readonly grants: readonly Grant[];
  /** Whether it may send records and start runs. */
  readonly sends: boolean;
  /** What it may ask of its tenant's record. Absent: nothing. */
  readonly role?: Role | undefined;
  /** By what it was recognised. */
  readonly proof: CredentialProof;
}

/** What a credential has of the entry that recognises it. */
export type Standing = Omit<Credential, 'id' | 'actor' | 'proof'>;

/** What the store has room for. */
const LATEST_MILLIS = Date.parse('2262-01-01');

/** What the service says of itself in the record: nobody can be authenticated as that. */
const OWN = 'urn:whence:';

export const mayBeAuthenticated = (actor: string): boolean => isPrincipalId(actor) && !actor.startsWith(OWN);

export const uri = z
  .string()
  .refine(isPrincipalId, 'must be a URI such as k8s://cluster/namespace/name, 512 characters at most')
  .refine((text) => !text.startsWith(OWN), `must not begin with ${OWN}, which Whence says of itself`);

export const tenantId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be 1 to 63 of a-z, 0-9 and -, not beginning with -');

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

/** What every entry says of the workload that it recognises, whatever the proof. */
export const standing = {
  tenant: tenantId.default('default'),
  witness: z.enum(WITNESSES).default('sdk'),
  grants: z.array(grant).default([]),
  role: z.enum(ROLES, `must be one of ${ROLES.join(', ')}`).optional(),
  sends: z.boolean().optional(),
};

interface Duties {
  readonly grants: readonly Grant[];
  readonly role?: Role | undefined;
  readonly sends?: boolean | undefined;
}

/** Whoever has a role asks, and does not send unless the entry says both: neither comes with the other. */
export const withDuties = <Entry extends Duties>(
  entry: Entry,
  context: z.RefinementCtx,
): Omit<Entry, 'sends'> & { readonly sends: boolean } => {
  const sends = entry.sends ?? entry.role === undefined;
  const fault = (field: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [field], message });
  if (!sends && entry.role === undefined) fault('sends', 'is false, and there is no role: it may do nothing');
  if (!sends && entry.grants.length > 0)
    fault('grants', 'are for who sends: say sends: true beside the role');
  return { ...entry, sends };
};

/** `2026-03-01`, or a time. @returns milliseconds since the epoch */
export const day = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], 'must be a day such as 2026-03-01, or a time')
  .transform((text) => Date.parse(text))
  .refine((millis) => millis > 0 && millis < LATEST_MILLIS, 'must be from 1970 to 2262');

/** A name to be compared, `*` for any characters. */
export const nameGlob = z.string().min(1, 'is empty').max(2_048, 'is longer than 2048 characters');

/** A list of one may be written without brackets. */
export const oneOrMore = <Item extends z.ZodType>(item: Item) =>
  z.preprocess(
    (given) => (given === undefined || Array.isArray(given) ? given : [given]),
    z.array(item).min(1, 'lists nothing'),
  );
