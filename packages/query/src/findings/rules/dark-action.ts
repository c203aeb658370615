import { z } from 'zod';
import { type Found, inHoursOf, MINUTE, rule } from '../rule.ts';
import { between, day, shown } from '../wording.ts';

export const darkAction = rule({
  code: 'dark_action',
  severity: 'high',
  says: 'A gateway saw an action on the connection, and no process told of it.',
  advice:
    'Find out what connected: a service whose telemetry is off, a shell, or somebody who does not want to be seen.',
  settings: z.object({
    minimum: z.number().int().min(1).default(1).describe('Fewer in an hour on one target are not told.'),
  }),
  // The word of a process may wait on its disk.
  graceMillis: 10 * MINUTE,
  find: async ({ detectors, window, settings: { minimum } }) => {
    const dark = await detectors.darkActions(window);
    return {
      found: dark
        .filter(({ count }) => count >= minimum)
        .map(
          (each): Found => ({
            key: [each.service, each.actor, each.target, each.principal, day(each.hourMillis)],
            part: each.hourMillis,
            subject:
              each.target === ''
                ? { kind: 'service', id: each.service }
                : { kind: 'target', id: each.target },
            ...(each.target === '' ? {} : { target: each.target }),
            ...(each.principal === '' ? {} : { principal: each.principal }),
            sentence: `The gateway ${shown(each.service)} saw actions${each.target === '' ? '' : ` on ${shown(each.target)}`}${each.principal === '' ? '' : ` by ${shown(each.principal)}`} that no process told of, on ${day(each.hourMillis)}.`,
            evidence: {
              actions: each.actions,
              search: {
                service: each.service,
                ...(each.target === '' ? {} : { target: each.target }),
                ...between(each.firstSeenMillis, each.lastSeenMillis),
              },
              figures: { minimum },
            },
            firstSeenMillis: each.firstSeenMillis,
            lastSeenMillis: each.lastSeenMillis,
            count: each.count,
          }),
        ),
      lookedFor: inHoursOf(window),
    };
  },
});
