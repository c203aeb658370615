import { CREDENTIAL_KINDS } from '@whence/model';
import { CREDENTIAL_ORDERS, type CredentialFilter, type CredentialPosition } from '@whence/store';
import { z } from 'zod';
import { CREDENTIAL } from '../answers/credential.ts';
import { type PositionCodec, pageEndpoint } from '../api/page-endpoint.ts';
import { count, text, yesOrNo } from '../api/parameters.ts';
import { DAY_MILLIS, DORMANT_DAYS, judged } from '../credentials/judged-credential.ts';

const DAYS_MAX = 36_500;

const PARAMETERS = z.object({
  kind: z.enum(CREDENTIAL_KINDS, `one of ${CREDENTIAL_KINDS.join(', ')}`).optional(),
  actor: text.optional().describe('The workload that it was taken for, or is declared for, as it is.'),
  dormant: count(0, DAYS_MAX)
    .optional()
    .describe(
      `Not used for so many days, or never and known for so long. What "dormant" means in the answer, too: ${DORMANT_DAYS} where not said.`,
    ),
  older: count(0, DAYS_MAX)
    .optional()
    .describe('Issued so many days ago or earlier; known for so long, where that is not known.'),
  expired: yesOrNo.optional(),
  overdue: z
    .literal('true', 'true, or leave it out')
    .optional()
    .describe('The file says that it should have been replaced by now.'),
  used: yesOrNo.optional().describe('Ever used, or declared and never used.'),
  declared: yesOrNo.optional().describe('In the credentials file, or no longer in it.'),
  sort: z
    .enum(CREDENTIAL_ORDERS, `one of ${CREDENTIAL_ORDERS.join(', ')}`)
    .optional()
    .describe(
      '`idle`, where not said: never used first, then the one unused for longest. `recent`: used last first. `oldest` first.',
    ),
});

const POSITION: PositionCodec<CredentialPosition> = {
  write: ({ value, id }) => [value.toString(), id],
  read: ([value = '', id = '']) =>
    /^-?\d{1,18}$/.test(value) && id !== '' ? { value: BigInt(value), id } : undefined,
};

const COLUMNS = [
  ...['id', 'kind', 'rule', 'issuer', 'subject', 'actors.items', 'actors.total', 'issuedAt', 'expiresAt'],
  ...['knownSince', 'firstUsed', 'lastUsed', 'ageSeconds', 'idleSeconds', 'dormant', 'expired', 'overdue'],
  ...['uses', 'spans', 'addresses.items', 'addresses.total', 'usesElsewhere', 'issues.total'],
  ...['issues.newestSince', 'fingerprint', 'entry.duties', 'entry.withdrawn', 'entry.rotateAfter'],
];

export const credentialsRoute = pageEndpoint({
  path: '/v1/credentials',
  role: 'auditor',
  tag: 'access',
  summary: 'By which credentials senders and askers came: age, last use, who holds them',
  description:
    'Keys, tokens (those of one subject together) and certificates (those of one name together), as they were used; and each entry of the credentials file, used or not. Uses are written down about once a minute.',
  examples: [
    { summary: 'The ones unused for longest', request: '/v1/credentials?limit=20' },
    { summary: 'Declared, and never used', request: '/v1/credentials?used=false&declared=true' },
    { summary: 'Keys older than a year', request: '/v1/credentials?kind=key&older=365&sort=oldest' },
    {
      summary: 'Of one workload',
      request: '/v1/credentials?actor=k8s://demo/apps/scheduler&sort=recent',
    },
  ],
  parameters: PARAMETERS,
  name: 'credentials',
  item: CREDENTIAL,
  columns: COLUMNS,
  position: POSITION,
  respond: async ({ parameters, limit, after }, { readers }) => {
    const nowMillis = Date.now();
    const { credentials, next } = await readers.credentials.list({
      filter: filterOf(parameters, nowMillis),
      order: parameters.sort ?? 'idle',
      limit,
      ...(after === undefined ? {} : { after }),
    });
    return {
      items: credentials.map((credential) => judged(credential, nowMillis, parameters.dormant)),
      ...(next === undefined ? {} : { next }),
    };
  },
});

const filterOf = (
  { kind, actor, dormant, older, expired, overdue, used, declared }: z.output<typeof PARAMETERS>,
  nowMillis: number,
): CredentialFilter => ({
  ...(kind === undefined ? {} : { kind }),
  ...(actor === undefined ? {} : { actors: [actor] }),
  ...(dormant === undefined ? {} : { unusedSinceMillis: nowMillis - dormant * DAY_MILLIS }),
  ...(older === undefined ? {} : { issuedBeforeMillis: nowMillis - older * DAY_MILLIS }),
  ...(expired === true ? { endsBeforeMillis: nowMillis } : {}),
  ...(expired === false ? { lastsUntilMillis: nowMillis } : {}),
  ...(overdue === undefined ? {} : { rotateBeforeMillis: nowMillis }),
  ...(used === undefined ? {} : { used }),
  ...(declared === undefined ? {} : { declared }),
});
