import { z } from 'zod';
import { DAY, type Found, rule } from '../rule.ts';
import { listed, shown } from '../wording.ts';

export const unexpectedWorkload = rule({
  code: 'unexpected_workload',
  severity: 'medium',
  says: 'A workload acted in a run of a job, under a service, under which it never did before, and did not ask for the run. Every service downstream has a workload of its own; one that is new to a job may have borrowed its reference.',
  advice:
    'Ask whether the service was moved or renamed. If not, end the run, change the credential of the workload, and look at all that it sent.',
  settings: z.object({
    learningDays: z.number().min(0).max(365).default(7).describe('A job is judged once it is known so long.'),
  }),
  find: async ({ detectors, window, settings: { learningDays } }) => {
    await detectors.learnWorkloads(window);
    const workloads = await detectors.newWorkloads(window, { learningMillis: learningDays * DAY });
    return {
      found: workloads.map((each): Found => {
        const { job, service, actor, principal, others, knownInJob, firstMillis } = each;
        return {
          key: [job, service, actor],
          subject: { kind: 'actor', id: actor },
          ...(principal === '' ? {} : { principal }),
          severity: knownInJob ? 'low' : others.length > 0 ? 'high' : 'medium',
          sentence: `${shown(actor)} acted in a run of ${shown(job)} as service ${shown(service)}, which ${others.length > 0 ? `was ${listed(others)} so far` : 'had no part in that job so far'}.`,
          evidence: {
            actions: [{ traceId: each.traceId, spanId: each.spanId }],
            runs: [each.runId],
            search: { run: each.runId, service },
            figures: {
              job,
              service,
              others,
              knownInJob: knownInJob ? 'yes' : 'no',
              jobKnownSince: new Date(each.knownMillis).toISOString(),
              learningDays,
            },
          },
          firstSeenMillis: firstMillis,
          lastSeenMillis: firstMillis,
          count: 1,
        };
      }),
    };
  },
});
