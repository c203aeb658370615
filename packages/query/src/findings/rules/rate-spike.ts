import { z } from 'zod';
import { DAY, type Found, HOUR, rule } from '../rule.ts';
import { judgedHour, judgedHours } from '../spike.ts';
import { between, day, moment, shown } from '../wording.ts';

export const rateSpike = rule({
  code: 'rate_spike',
  severity: 'medium',
  says: 'A principal did far more within an hour than in the same hours of the days before, and of the same weekday.',
  advice:
    'Look at which run and which operation it is: a loop, a backfill, or somebody else with the same reference.',
  settings: z.object({
    minimum: z.number().int().min(1).default(100).describe('Fewer actions in an hour are never told.'),
    times: z.number().min(1).max(1000).default(4).describe('More than so many times the usual count.'),
    deviations: z
      .number()
      .min(1)
      .max(100)
      .default(6)
      .describe('More than so many deviations above the usual count.'),
    learningDays: z.number().int().min(1).max(28).default(7).describe('Days that must be known before.'),
    baselineDays: z.number().int().min(1).max(60).default(28).describe('Days that are compared with.'),
  }),
  find: async ({ detectors, window, nowMillis, settings }) => {
    const { minimum, times, deviations, learningDays, baselineDays } = settings;
    const hours = judgedHours(window.fromMillis, nowMillis);
    const busy = await detectors.busyHours(hours, { actions: minimum, errors: 0 });
    if (busy.length === 0) return { found: [] };
    const principals = [...new Set(busy.map(({ principal }) => principal))];
    const ofDay = new Set(busy.flatMap(({ hour }) => [hour - 3600, hour, hour + 3600]).map(hourOfDay));
    const [counts, known] = await Promise.all([
      detectors.hoursOf(
        principals,
        { fromSeconds: hours.fromSeconds - (baselineDays + 1) * 86_400, toSeconds: hours.toSeconds },
        [...ofDay],
      ),
      detectors.knownSince(principals),
    ]);
    const countAt = new Map(counts.map(({ principal, hour, actions }) => [`${hour} ${principal}`, actions]));
    const found = busy.flatMap(({ principal, hour, actions }): Found[] => {
      const sinceHour = known.get(principal) ?? hour;
      const judged = judgedHour(hour, (then) => countAt.get(`${then} ${principal}`) ?? 0, {
        sinceHour,
        days: baselineDays,
        limits: { minimum, times, deviations },
      });
      if (!judged.isSpike || judged.days < learningDays) return [];
      const began = hour * 1000;
      return [
        {
          key: [principal, day(began)],
          part: began,
          subject: { kind: 'principal', id: principal },
          principal,
          sentence: `${shown(principal)} did far more than usual in the hour from ${moment(began)}: more than ${Math.floor(judged.limit)} actions, where ${Math.round(judged.expected)} are usual.`,
          evidence: {
            search: { principal, ...between(began, began + HOUR - 1) },
            figures: {
              actions,
              usual: judged.expected,
              limit: judged.limit,
              days: judged.days,
              hour: new Date(began).toISOString(),
            },
          },
          firstSeenMillis: began,
          lastSeenMillis: Math.min(began + HOUR - 1, nowMillis),
          count: actions,
        },
      ];
    });
    return { found };
  },
});

const hourOfDay = (seconds: number): number => Math.floor(((seconds * 1000) % DAY) / HOUR);
