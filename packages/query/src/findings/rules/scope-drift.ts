import { z } from 'zod';
import { DAY, type Found, rule } from '../rule.ts';
import { between, day, shown } from '../wording.ts';

export const scopeDrift = rule({
  code: 'scope_drift',
  severity: 'low',
  says: 'A principal did a kind of thing to a kind of target for the first time, after a time of learning. Ids, numbers and addresses in targets are set aside: the next account is nothing new.',
  advice:
    'Ask whether its job has changed. If nobody knows, look at what else the run did, and at who may start it.',
  settings: z.object({
    learningDays: z
      .number()
      .min(0)
      .max(365)
      .default(7)
      .describe('A principal is judged once it is known so long.'),
    perDay: z
      .number()
      .int()
      .min(1)
      .max(500)
      .default(20)
      .describe('First uses of one principal told one by one each day; the others are told as a number.'),
  }),
  find: async ({ detectors, window, settings: { learningDays, perDay } }) => {
    const uses = await detectors.firstUses(window, { learningMillis: learningDays * DAY, most: perDay });
    const found = uses.map((use): Found => {
      const { principal, system, operation, shape, target, firstMillis } = use;
      const what = [operation, system === '' ? '' : `(${system})`]
        .filter((word) => word !== '')
        .map(shown)
        .join(' ');
      return {
        key: [principal, system, operation, shape],
        subject: { kind: 'principal', id: principal },
        principal,
        ...(target === '' ? {} : { target }),
        sentence: `${shown(principal)} did ${what === '' ? 'something' : what}${target === '' ? '' : ` on ${shown(target)}`} for the first time since it is known (${day(use.knownMillis)}).`,
        evidence: {
          search: {
            principal,
            ...(system === '' ? {} : { system }),
            ...(operation === '' ? {} : { operation }),
            ...(target === '' ? {} : { target }),
          },
          figures: { shape, learningDays, knownSince: new Date(use.knownMillis).toISOString() },
        },
        firstSeenMillis: firstMillis,
        lastSeenMillis: firstMillis,
        count: 1,
      };
    });
    const beyond = uses.filter(({ place, ofDay }) => place === perDay && ofDay > perDay);
    return {
      found: [
        ...found,
        ...beyond.map(
          ({ principal, firstMillis, ofDay }): Found => ({
            key: [principal, 'beyond', day(firstMillis)],
            subject: { kind: 'principal', id: principal },
            principal,
            severity: 'medium',
            sentence: `${shown(principal)} did more new kinds of things on ${day(firstMillis)} than are told one by one (${perDay}).`,
            evidence: {
              search: { principal, ...between(startOfDay(firstMillis), startOfDay(firstMillis) + DAY) },
              figures: { toldOneByOne: perDay, notTold: ofDay - perDay },
            },
            firstSeenMillis: startOfDay(firstMillis),
            lastSeenMillis: firstMillis,
            count: ofDay - perDay,
          }),
        ),
      ],
    };
  },
});

const startOfDay = (millis: number): number => Math.floor(millis / DAY) * DAY;
