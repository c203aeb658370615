import type { CredentialAge } from '@whence/store';
import { z } from 'zod';
import { DAY, type Found, HOUR, rule } from '../rule.ts';
import { day, shown } from '../wording.ts';

/** Credentials told at once; more are told as a number. */
const MOST = 1000;

export const staleCredential = rule({
  code: 'stale_credential',
  severity: 'low',
  says: 'A key or certificate was not used for long, or has not been changed for long.',
  advice: 'Take away what nobody uses; change what is old. Whoever finds it first may be somebody else.',
  settings: z.object({
    unusedDays: z.number().int().min(1).max(3650).default(90).describe('Days without a use.'),
    ageDays: z
      .number()
      .int()
      .min(1)
      .max(3650)
      .default(365)
      .describe('Days since it was issued, or else first used.'),
  }),
  everyMillis: HOUR,
  find: async ({ detectors, nowMillis, settings: { unusedDays, ageDays } }) => {
    const stale = await detectors.staleCredentials({
      unusedSinceMillis: nowMillis - unusedDays * DAY,
      issuedBeforeMillis: nowMillis - ageDays * DAY,
      limit: MOST + 1,
    });
    const found = stale
      .filter(({ expiresMillis }) => expiresMillis === undefined || expiresMillis > nowMillis)
      .map((credential): Found => {
        const unused = credential.lastUsedMillis < nowMillis - unusedDays * DAY;
        return {
          key: [credential.id, unused ? 'unused' : 'old'],
          subject: { kind: 'credential', id: credential.id },
          sentence: `The ${shown(credential.kind)} ${shown(credential.id)} of ${shown(credential.actor)} ${unused ? `was last used on ${day(credential.lastUsedMillis)}` : `is in use since ${day(sinceMillis(credential))}`}.`,
          evidence: {
            figures: {
              kind: credential.kind,
              actor: credential.actor,
              uses: credential.uses,
              firstUsed: new Date(credential.firstUsedMillis).toISOString(),
              lastUsed: new Date(credential.lastUsedMillis).toISOString(),
              unusedDays,
              ageDays,
            },
          },
          firstSeenMillis: credential.firstUsedMillis,
          lastSeenMillis: credential.lastUsedMillis,
          count: 1,
        };
      });
    return { found, ...(stale.length > MOST ? {} : { lookedFor: () => true }) };
  },
});

const sinceMillis = ({ issuedMillis, firstUsedMillis }: CredentialAge): number =>
  issuedMillis ?? firstUsedMillis;
