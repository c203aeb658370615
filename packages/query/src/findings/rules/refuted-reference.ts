import { z } from 'zod';
import { type Found, rule } from '../rule.ts';
import { between, day, sender } from '../wording.ts';

export const refutedReference = rule({
  code: 'refuted_reference',
  severity: 'high',
  says: 'Actions came with a reference whose proof failed: forged, damaged, or of a key that is not known.',
  advice:
    'One service that just lost its key set, or a proxy that cuts headers, shows as many from one sender. A few, with the ids of runs that are real, are an attempt.',
  settings: z.object({
    minimum: z.number().int().min(1).default(1).describe('Fewer in an hour from one sender are not told.'),
  }),
  find: async ({ detectors, window, settings: { minimum } }) => {
    const refuted = await detectors.refutedActions(window);
    return {
      found: refuted
        .filter(({ count }) => count >= minimum)
        .map(
          (each): Found => ({
            key: [each.service, each.actor, day(each.hourMillis)],
            part: each.hourMillis,
            subject: {
              kind: each.actor === '' ? 'service' : 'actor',
              id: each.actor === '' ? each.service : each.actor,
            },
            sentence: `${sender(each.actor, each.service)} sent actions with references that do not hold, on ${day(each.hourMillis)}.`,
            evidence: {
              actions: each.actions,
              search: {
                assurance: 'refuted',
                service: each.service,
                ...between(each.firstSeenMillis, each.lastSeenMillis),
              },
              figures: { minimum },
            },
            firstSeenMillis: each.firstSeenMillis,
            lastSeenMillis: each.lastSeenMillis,
            count: each.count,
          }),
        ),
    };
  },
});
