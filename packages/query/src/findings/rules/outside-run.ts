import { z } from 'zod';
import { type Found, MINUTE, rule } from '../rule.ts';
import { between, day, moment, sender, shown } from '../wording.ts';

export const outsideRun = rule({
  code: 'outside_run',
  severity: 'medium',
  says: 'An action carries the reference of a run and began before the run, or long after its end; or the process itself says that its run had ended, or that it could be of several.',
  advice:
    'Messages that wait in a queue are handled late: raise afterMinutes for them. Anything else is work that nobody answers for, or a reference that is used again.',
  settings: z.object({
    afterMinutes: z
      .number()
      .min(0)
      .max(100_000)
      .default(15)
      .describe('How long after the end of a run its work may begin.'),
    beforeSeconds: z
      .number()
      .min(0)
      .max(86_400)
      .default(60)
      .describe('How much before its start: clocks differ.'),
  }),
  graceMillis: 2 * MINUTE,
  find: async ({ detectors, window, settings: { afterMinutes, beforeSeconds } }) => {
    const [outside, inDoubt] = await Promise.all([
      detectors.actionsOutsideRuns(window, {
        afterMillis: afterMinutes * MINUTE,
        beforeMillis: beforeSeconds * 1000,
      }),
      detectors.actionsInDoubt(window),
    ]);
    return {
      found: [
        ...outside.map((each): Found => {
          const { runId, job, principal, startedMillis, endedMillis, firstSeenMillis, lastSeenMillis } = each;
          const early = firstSeenMillis < startedMillis;
          return {
            key: ['run', runId],
            part: each.hourMillis,
            subject: { kind: 'run', id: runId },
            ...(principal === '' ? {} : { principal }),
            sentence: `Work was done with the reference of run ${runId} of ${shown(job)} ${early ? `before it started at ${moment(startedMillis)}` : `after it had ended at ${moment(endedMillis ?? 0)}`}.`,
            evidence: {
              actions: each.actions,
              runs: [runId],
              search: { run: runId, ...between(firstSeenMillis, lastSeenMillis) },
              figures: {
                startedAt: new Date(startedMillis).toISOString(),
                ...(endedMillis === undefined ? {} : { endedAt: new Date(endedMillis).toISOString() }),
                actors: each.actors,
                afterMinutes,
                beforeSeconds,
              },
            },
            firstSeenMillis,
            lastSeenMillis,
            count: each.count,
          };
        }),
        ...inDoubt.map((each): Found => {
          const { doubt, service, actor, runs, firstSeenMillis, lastSeenMillis } = each;
          return {
            key: ['doubt', doubt, service, actor, day(each.hourMillis)],
            part: each.hourMillis,
            severity: 'low',
            subject: { kind: 'service', id: service },
            sentence: `${sender(actor, service)} did things ${doubt === 'run_ended' ? 'whose run had ended' : 'that could be of several runs'}, as it says itself, on ${day(each.hourMillis)}.`,
            evidence: {
              actions: each.actions,
              runs,
              search: { service, ...between(firstSeenMillis, lastSeenMillis) },
              figures: { doubt },
            },
            firstSeenMillis,
            lastSeenMillis,
            count: each.count,
          };
        }),
      ],
    };
  },
});
