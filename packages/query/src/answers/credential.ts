import { CREDENTIAL_KINDS } from '@whence/model';
import type { CredentialEntry, CredentialIssue } from '@whence/store';
import { z } from 'zod';
import type { JudgedCredential } from '../credentials/judged-credential.ts';
import type { PrincipalCredential } from '../credentials/principal-credentials.ts';
import { MOMENT } from './record.ts';

const ranked = z
  .object({
    items: z.array(z.string()).readonly(),
    total: z.number().describe('How many there are, those left out of `items` counted too.'),
  })
  .readonly();

const ENTRY = z
  .object({
    id: z.string().describe('That of the credential, unless the entry is a rule for many.'),
    subject: z.string().describe('As the file has it: of a rule with `*`, or with claims.'),
    actor: z.string().describe('As the file has it: of a rule with `{claim}` in it.'),
    duties: z.array(z.string()).readonly().describe('`sends`, and the role with which it asks.'),
    firstDeclared: MOMENT.millis,
    lastDeclared: MOMENT.millis.describe('Entries are told again every hour for as long as they are there.'),
    withdrawn: MOMENT.millis.exactOptional().describe('Since when the file does not have it any more.'),
    rotateAfter: MOMENT.millis.exactOptional().describe('When the key is to be replaced, as the file says.'),
  })
  .readonly()
  .meta({
    id: 'CredentialEntry',
    description: 'What the credentials file says of it.',
  }) satisfies z.ZodType<CredentialEntry>;

const FIELDS = {
  id: z.string().describe('The same over renewals. Nothing that could be presented.'),
  kind: z.enum(CREDENTIAL_KINDS),
  rule: z.boolean().describe('Whether it is a rule for many: then its uses are those of all of them.'),
  issuer: z
    .string()
    .describe('`iss` of a token, issuer of a certificate; of a key the trust domain of the file.'),
  subject: z.string().describe('`sub` of a token, name of a certificate, id of a key.'),
  fingerprint: z
    .string()
    .exactOptional()
    .describe(
      'Which issue was used last: thumbprint of a certificate, beginning of the hash of a key or of the `jti` of a token.',
    ),
  actors: ranked.describe('Workloads that it was taken for.'),
  entry: ENTRY.exactOptional(),
  issuedAt: MOMENT.millis
    .exactOptional()
    .describe('Of the newest issue; of a key `created` of its entry. Absent: not known.'),
  expiresAt: MOMENT.millis
    .exactOptional()
    .describe('Of the issue that lasts longest. Absent: never, or not known.'),
  knownSince: MOMENT.millis.describe('It is as old as that, or older.'),
  firstUsed: MOMENT.millis.exactOptional().describe('Absent: never used.'),
  lastUsed: MOMENT.millis.exactOptional(),
  uses: z.number().describe('Requests, as of a minute ago.'),
  spans: z.number().describe('Spans that were accepted with it.'),
  addresses: ranked.describe(
    'That requests came from, those of the last record first; of a proxy, where there is one. The total is exact for a few, within 2 % for many.',
  ),
  usesElsewhere: z.number().describe('Requests from addresses that were too many to be told apart.'),
  issues: z
    .object({ total: z.number(), newestSince: MOMENT.millis })
    .readonly()
    .exactOptional()
    .describe('Different keys or certificates that were used under this id. Not kept of tokens.'),
  ageSeconds: z.number().describe('Since `issuedAt`, or else since `knownSince`, and then at least.'),
  idleSeconds: z.number().exactOptional().describe('Since `lastUsed`. Absent: never used.'),
  dormant: z.boolean().describe('Not used for the days that were asked for, or else 30.'),
  expired: z.boolean(),
  overdue: z.boolean().describe('The file says that it should have been replaced by now.'),
} satisfies { readonly [Field in keyof JudgedCredential]: z.ZodType<JudgedCredential[Field]> };

export const CREDENTIAL = z.object(FIELDS).readonly().meta({
  id: 'Credential',
  description: 'By what senders and askers proved who they are.',
}) satisfies z.ZodType<JudgedCredential>;

export const PRINCIPAL_CREDENTIAL = z
  .object({
    ...{ id: FIELDS.id, kind: FIELDS.kind, actors: FIELDS.actors, uses: FIELDS.uses, issues: FIELDS.issues },
    ...{ issuedAt: FIELDS.issuedAt, expiresAt: FIELDS.expiresAt, knownSince: FIELDS.knownSince },
    ...{ lastUsed: FIELDS.lastUsed, ageSeconds: FIELDS.ageSeconds, idleSeconds: FIELDS.idleSeconds },
    ...{ dormant: FIELDS.dormant, expired: FIELDS.expired, overdue: FIELDS.overdue },
    withdrawn: MOMENT.millis.exactOptional().describe('Since when no credentials file has it any more.'),
    rotateAfter: MOMENT.millis.exactOptional().describe('When it is to be replaced, as the file says.'),
  })
  .readonly()
  .meta({
    id: 'PrincipalCredential',
    description: 'A credential, in short. For auditors /v1/credentials/{id} has all that is known of it.',
  }) satisfies z.ZodType<PrincipalCredential>;

const ISSUE = z
  .object({
    fingerprint: z.string(),
    issuedAt: MOMENT.millis.exactOptional(),
    expiresAt: MOMENT.millis.exactOptional(),
    firstUsed: MOMENT.millis,
    lastUsed: MOMENT.millis,
    uses: z.number(),
  })
  .readonly()
  .meta({ id: 'CredentialIssue' }) satisfies z.ZodType<CredentialIssue>;

export const CREDENTIAL_DETAIL = z
  .object({
    credential: CREDENTIAL,
    issues: z
      .object({ items: z.array(ISSUE).readonly(), total: z.number() })
      .readonly()
      .describe('Keys or certificates that were used under this id, the one used last first.'),
    recognised: ranked.describe('Of a rule: the credentials that it recognised, the one used last first.'),
  })
  .readonly();
