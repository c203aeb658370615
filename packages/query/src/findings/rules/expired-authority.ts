import type { AuthorityInUse } from '@whence/store';
import { z } from 'zod';
import { DAY, type Found, HOUR, MINUTE, rule } from '../rule.ts';
import { between, day, shown } from '../wording.ts';

export const expiredAuthority = rule({
  code: 'expired_authority',
  severity: 'medium',
  says: 'Runs are allowed by a version of a policy while a newer one is in use, or by an approval that was given long ago. When a policy was withdrawn, and until when an approval was meant, is not in the record: this is told from what was used when.',
  advice:
    'Find the issuer or workload that still names the old one. After a roll-back that is meant, mute it.',
  settings: z.object({
    graceHours: z
      .number()
      .min(0)
      .max(8760)
      .default(24)
      .describe('How long after the first use of a newer version.'),
    approvalDays: z
      .number()
      .min(0)
      .max(3650)
      .default(30)
      .describe('How long after its first use an approval may be used.'),
    seenDays: z
      .number()
      .int()
      .min(1)
      .max(365)
      .default(14)
      .describe('Used within so many days; a newer version too.'),
  }),
  everyMillis: 15 * MINUTE,
  find: async ({ detectors, nowMillis, settings }) => {
    const { graceHours, approvalDays } = settings;
    const inUse = await detectors.authoritiesInUse(nowMillis - settings.seenDays * DAY);
    const found = [
      ...outdated(inUse, graceHours * HOUR).map(({ old, newer }) =>
        foundOf(
          old,
          `${shown(old.id)} still allows runs, although ${shown(newer.id)} is in use since ${day(newer.firstMillis)}.`,
          {
            newer: newer.id,
            newerSince: new Date(newer.firstMillis).toISOString(),
            graceHours,
          },
        ),
      ),
      ...inUse
        .filter(
          ({ id, firstMillis, lastMillis }) =>
            id.startsWith('approval:') && lastMillis > firstMillis + approvalDays * DAY,
        )
        .map((old) =>
          foundOf(old, `${shown(old.id)}, first used on ${day(old.firstMillis)}, still allows runs.`, {
            approvalDays,
          }),
        ),
    ];
    return { found, lookedFor: () => true };
  },
});

const foundOf = (old: AuthorityInUse, sentence: string, figures: Found['evidence']['figures']): Found => ({
  key: [old.id],
  subject: { kind: 'authority', id: old.id },
  ...(old.principals.length === 1 ? { principal: old.principals[0]! } : {}),
  sentence,
  evidence: {
    runs: [old.lastRunId],
    search: {
      ...(old.principals[0] === undefined ? {} : { principal: old.principals[0] }),
      ...between(old.firstMillis, old.lastMillis),
    },
    figures: { ...figures, principals: old.principals },
  },
  firstSeenMillis: old.firstMillis,
  lastSeenMillis: old.lastMillis,
  count: 1,
});

interface Outdated {
  readonly old: AuthorityInUse;
  readonly newer: AuthorityInUse;
}

const VERSIONED = /^(policy:.+)@([^@]+)$/;

const outdated = (inUse: readonly AuthorityInUse[], graceMillis: number): readonly Outdated[] => {
  const versions = inUse.flatMap((authority) => {
    const [, policy, version] = VERSIONED.exec(authority.id) ?? [];
    return policy === undefined || version === undefined ? [] : [{ policy, version, authority }];
  });
  return [...Map.groupBy(versions, ({ policy }) => policy).values()].flatMap((ofPolicy) =>
    ofPolicy.flatMap(({ version, authority: old }): Outdated[] => {
      const newer = ofPolicy
        .filter((other) => isNewer(other.version, version, other.authority, old))
        .map(({ authority }) => authority)
        .toSorted((a, b) => a.firstMillis - b.firstMillis)[0];
      return newer !== undefined && old.lastMillis > newer.firstMillis + graceMillis ? [{ old, newer }] : [];
    }),
  );
};

/** Numbers by their value; other versions by when they were first used. */
const isNewer = (version: string, than: string, a: AuthorityInUse, b: AuthorityInUse): boolean =>
  /^\d{1,15}$/.test(version) && /^\d{1,15}$/.test(than)
    ? Number(version) > Number(than)
    : version !== than && a.firstMillis > b.firstMillis;
