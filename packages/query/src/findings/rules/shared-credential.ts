import { z } from 'zod';
import { type Found, MINUTE, rule } from '../rule.ts';
import { between, day, listed, shown } from '../wording.ts';

export const sharedCredential = rule({
  code: 'shared_credential',
  severity: 'medium',
  says: 'One credential sent the spans of several services within an hour, or asked for runs as many principals. Who acted can then not be told by it.',
  advice:
    'Give each service a credential of its own. Where an agent forwards for others, mute it, and know that its name stands for all of them.',
  settings: z.object({
    services: z
      .number()
      .int()
      .min(2)
      .max(1000)
      .default(5)
      .describe('Services of one credential in one hour.'),
    principals: z
      .number()
      .int()
      .min(2)
      .max(10_000)
      .default(10)
      .describe('Principals that one credential starts runs as in one hour.'),
  }),
  everyMillis: 5 * MINUTE,
  find: async ({ detectors, window, settings }) => {
    const many = await detectors.manyFaced(window, settings);
    return {
      found: many.map((each): Found => {
        const { actor, hourMillis, services, serviceNames, principals, principalIds } = each;
        const asServices = services >= settings.services;
        return {
          key: [actor, day(hourMillis)],
          part: hourMillis,
          subject: { kind: 'actor', id: actor },
          sentence: asServices
            ? `The credential of ${shown(actor)} sends for several services: ${listed(serviceNames)}.`
            : `The credential of ${shown(actor)} starts runs as many principals: ${listed(principalIds)}.`,
          evidence: {
            search: {
              ...(asServices ? { service: serviceNames[0] ?? '' } : { principal: principalIds[0] ?? '' }),
              ...between(each.firstMillis, each.lastMillis),
            },
            figures: {
              services,
              serviceNames,
              principals,
              principalIds,
              servicesAllowed: settings.services - 1,
              principalsAllowed: settings.principals - 1,
            },
          },
          firstSeenMillis: each.firstMillis,
          lastSeenMillis: each.lastMillis,
          count: asServices ? services : principals,
        };
      }),
    };
  },
});
