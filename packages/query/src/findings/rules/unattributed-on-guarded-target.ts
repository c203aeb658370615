import { z } from 'zod';
import { type Found, inHoursOf, MINUTE, rule } from '../rule.ts';
import { between, day, sender, shown } from '../wording.ts';

export const unattributedOnGuardedTarget = rule({
  code: 'unattributed_on_guarded_target',
  severity: 'high',
  says: 'An action without a reference was taken on a target that is guarded (setting `targets`).',
  advice: 'Find out what the sender is and have it join; until then nobody answers for what it does there.',
  settings: z.object({
    targets: z
      .array(z.string().min(1).max(500))
      .max(100)
      .default([])
      .describe('Guarded targets, * for any characters: postgresql://prod-*. None: nothing is guarded.'),
    minimum: z
      .number()
      .int()
      .min(1)
      .default(1)
      .describe('Fewer in an hour by one sender on one target are not told.'),
  }),
  graceMillis: 5 * MINUTE,
  find: async ({ detectors, window, settings: { targets, minimum } }) => {
    const unattributed = await detectors.unattributedActions(window, targets);
    return {
      found: unattributed
        .filter(({ count }) => count >= minimum)
        .map(
          (each): Found => ({
            key: [each.service, each.actor, each.target, day(each.hourMillis)],
            part: each.hourMillis,
            subject: { kind: 'target', id: each.target },
            target: each.target,
            sentence: `${sender(each.actor, each.service)} acted on ${shown(each.target)}, which is guarded, without a reference, on ${day(each.hourMillis)}.`,
            evidence: {
              actions: each.actions,
              search: {
                assurance: 'none',
                service: each.service,
                target: each.target,
                ...between(each.firstSeenMillis, each.lastSeenMillis),
              },
              figures: { minimum },
            },
            firstSeenMillis: each.firstSeenMillis,
            lastSeenMillis: each.lastSeenMillis,
            count: each.count,
          }),
        ),
      // What is attributed since is no longer so.
      lookedFor: inHoursOf(window),
    };
  },
});
