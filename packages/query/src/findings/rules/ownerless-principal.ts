import { z } from 'zod';
import { DAY, type Found, MINUTE, rule } from '../rule.ts';
import { shown } from '../wording.ts';

export const ownerlessPrincipal = rule({
  code: 'ownerless_principal',
  severity: 'low',
  says: 'A principal acts, and nobody answers for it. Told once owners are named for anything: in the owners file, or over the API.',
  advice: 'Name who answers for it. What nobody will answer for should not run.',
  settings: z.object({
    seenDays: z.number().int().min(1).max(3650).default(30).describe('Seen within so many days.'),
    most: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(100)
      .describe('Told one by one, the busiest first; the others as a number.'),
  }),
  everyMillis: 15 * MINUTE,
  find: async ({ detectors, nowMillis, ownerPatterns, settings: { seenDays, most } }) => {
    const ownerless = await detectors.ownerlessPrincipals({
      sinceMillis: nowMillis - seenDays * DAY,
      patterns: ownerPatterns,
    });
    if (ownerless === undefined) return { found: [], lookedFor: () => true };
    const rest = ownerless.slice(most);
    const found = ownerless.slice(0, most).map(
      (each): Found => ({
        key: [each.principal],
        subject: { kind: 'principal', id: each.principal },
        principal: each.principal,
        sentence: `Nobody answers for ${shown(each.principal)} (${each.kind}).`,
        evidence: {
          search: { principal: each.principal },
          figures: { kind: each.kind, seenDays },
        },
        firstSeenMillis: each.firstMillis,
        lastSeenMillis: each.firstMillis,
        count: 1,
      }),
    );
    if (rest.length > 0) {
      found.push({
        key: ['beyond'],
        subject: { kind: 'rule', id: 'ownerless_principal' },
        sentence: `Nobody answers for more principals than are told one by one (${most}).`,
        evidence: { figures: { toldOneByOne: most, notTold: rest.length } },
        firstSeenMillis: Math.min(...rest.map(({ firstMillis }) => firstMillis)),
        lastSeenMillis: Math.max(...rest.map(({ firstMillis }) => firstMillis)),
        count: rest.length,
      });
    }
    // One that is only beyond the limit now is without an owner still.
    const still = new Set(rest.map(({ principal }) => principal));
    return { found, lookedFor: ({ subject }) => !still.has(subject.id) };
  },
});
