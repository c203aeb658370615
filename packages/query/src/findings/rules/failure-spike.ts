import { z } from 'zod';
import { type Found, HOUR, rule } from '../rule.ts';
import { judgedFailures, judgedHours } from '../spike.ts';
import { between, day, moment, shown } from '../wording.ts';

export const failureSpike = rule({
  code: 'failure_spike',
  severity: 'medium',
  says: 'A far larger share of what a principal did within an hour failed than before.',
  advice:
    'Look at what fails and where: one target is an outage, many targets are a lost permission, or somebody trying doors.',
  settings: z.object({
    minimum: z.number().int().min(1).default(10).describe('Fewer failures in an hour are never told.'),
    times: z.number().min(1).max(1000).default(3).describe('More than so many times the usual share.'),
    deviations: z.number().min(1).max(100).default(6).describe('More than so many deviations above it.'),
    baselineActions: z.number().int().min(1).default(200).describe('Actions that must be known from before.'),
    baselineDays: z.number().int().min(1).max(60).default(28).describe('Days that are compared with.'),
  }),
  find: async ({ detectors, window, nowMillis, settings }) => {
    const { minimum, times, deviations, baselineActions, baselineDays } = settings;
    const hours = judgedHours(window.fromMillis, nowMillis);
    const failing = await detectors.busyHours(hours, { actions: 1, errors: minimum });
    if (failing.length === 0) return { found: [] };
    const principals = [...new Set(failing.map(({ principal }) => principal))];
    const counts = await detectors.hoursOf(principals, {
      fromSeconds: hours.fromSeconds - baselineDays * 86_400,
      toSeconds: hours.toSeconds,
    });
    const byPrincipal = Map.groupBy(counts, ({ principal }) => principal);
    const found = failing.flatMap(({ principal, hour, actions, errors }): Found[] => {
      const before = { actions: 0, errors: 0 };
      for (const each of byPrincipal.get(principal) ?? []) {
        if (each.hour >= hour || each.hour < hour - baselineDays * 86_400) continue;
        before.actions += each.actions;
        before.errors += each.errors;
      }
      const judged = judgedFailures({ actions, errors }, before, { minimum, times, deviations });
      if (!judged.isSpike || before.actions < baselineActions) return [];
      const began = hour * 1000;
      return [
        {
          key: [principal, day(began)],
          part: began,
          subject: { kind: 'principal', id: principal },
          principal,
          sentence: `Far more of what ${shown(principal)} did in the hour from ${moment(began)} failed than usual: more than ${Math.floor(judged.limit)} actions, where ${Math.round(judged.expected)} would be usual.`,
          evidence: {
            search: { principal, status: 'error', ...between(began, began + HOUR - 1) },
            figures: {
              failures: errors,
              actions,
              usual: judged.expected,
              limit: judged.limit,
              actionsBefore: before.actions,
              failuresBefore: before.errors,
              hour: new Date(began).toISOString(),
            },
          },
          firstSeenMillis: began,
          lastSeenMillis: Math.min(began + HOUR - 1, nowMillis),
          count: errors,
        },
      ];
    });
    return { found };
  },
});
