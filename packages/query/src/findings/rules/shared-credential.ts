import type { ActorAddresses, CameFrom, Detectors, ReceivedWindow } from '@whence/store';
import { z } from 'zod';
import { DAY, type Found, MINUTE, rule } from '../rule.ts';
import { between, day, listed, shown } from '../wording.ts';

const SETTINGS = z.object({
  services: z.number().int().min(2).max(1000).default(5).describe('Services of one credential in one hour.'),
  principals: z
    .number()
    .int()
    .min(2)
    .max(10_000)
    .default(10)
    .describe('Principals that one credential starts runs as in one hour.'),
  networks: z
    .number()
    .int()
    .min(2)
    .max(100_000)
    .default(10)
    .describe('Networks (/24, of IPv6 /64) from which one credential comes in one hour; fewer are not told.'),
  times: z
    .number()
    .min(1)
    .max(1000)
    .default(3)
    .describe('More networks than so many times the most in any hour of the days before.'),
  baselineDays: z.number().int().min(1).max(90).default(28).describe('Days that are compared with.'),
  learningDays: z
    .number()
    .min(0)
    .max(365)
    .default(7)
    .describe('From where a credential comes is judged once it is used so long.'),
});

type Settings = z.output<typeof SETTINGS>;

interface Asked {
  readonly detectors: Detectors;
  readonly window: ReceivedWindow;
  readonly settings: Settings;
}

export const sharedCredential = rule({
  code: 'shared_credential',
  severity: 'medium',
  says: 'One credential sent the spans of several services within an hour, asked for runs as many principals, or came from far more networks than ever before. Who acted can then not be told by it.',
  advice:
    'Give each service a credential of its own; change one that came from where it does not belong. Where an agent forwards for others, mute it, and know that its name stands for all of them.',
  settings: SETTINGS,
  everyMillis: 5 * MINUTE,
  find: async (asked) => ({ found: [...(await manyFaced(asked)), ...(await farAndWide(asked))] }),
});

const manyFaced = async ({ detectors, window, settings }: Asked): Promise<readonly Found[]> => {
  const many = await detectors.manyFaced(window, settings);
  const came = await detectors.addressesOf(window, [...new Set(many.map(({ actor }) => actor))]);
  const cameFrom = new Map(came.map((each) => [`${each.hourMillis} ${each.actor}`, each]));
  return many.map((each): Found => {
    const { actor, hourMillis, services, serviceNames, principals, principalIds } = each;
    const asServices = services >= settings.services;
    const from = cameFrom.get(`${hourMillis} ${actor}`);
    return {
      key: [actor, day(hourMillis)],
      part: hourMillis,
      subject: { kind: 'actor', id: actor },
      sentence: asServices
        ? `The credential of ${shown(actor)} sends for several services${fromAddresses(from)}: ${listed(serviceNames)}.`
        : `The credential of ${shown(actor)} starts runs as many principals${fromAddresses(from)}: ${listed(principalIds)}.`,
      evidence: {
        search: {
          ...(asServices ? { service: serviceNames[0] ?? '' } : { principal: principalIds[0] ?? '' }),
          ...between(each.firstMillis, each.lastMillis),
        },
        figures: {
          ...{ services, serviceNames, principals, principalIds },
          servicesAllowed: settings.services - 1,
          principalsAllowed: settings.principals - 1,
          ...(from === undefined ? {} : { addresses: from.addresses, someAddresses: from.someAddresses }),
        },
      },
      firstSeenMillis: each.firstMillis,
      lastSeenMillis: each.lastMillis,
      count: asServices ? services : principals,
    };
  });
};

const fromAddresses = (from: ActorAddresses | undefined): string =>
  from === undefined || from.addresses === 0
    ? ''
    : `, from ${from.addresses === 1 ? 'one address' : `${from.addresses} addresses`}`;

/** Where one has always come from many networks, more of the same is no news: a farm of runners, a pool of addresses. */
const farAndWide = async ({ detectors, window, settings }: Asked): Promise<readonly Found[]> => {
  const { networks, times, baselineDays, learningDays } = settings;
  const wide = await detectors.wideCredentials(window, {
    ...{ networks, baselineDays },
    learningMillis: learningDays * DAY,
  });
  return wide
    .filter((each) => each.networks > times * each.networksBefore)
    .map(
      (each): Found => ({
        key: [each.id, 'networks', day(each.hourMillis)],
        part: each.hourMillis,
        subject: { kind: 'credential', id: each.id },
        sentence: `The ${shown(each.kind)} ${shown(each.id)} of ${shown(each.actor)} came from ${each.networks} networks within an hour, ${before(each)}: ${listed(each.someAddresses)}.`,
        evidence: {
          figures: {
            ...{ kind: each.kind, actor: each.actor, networks: each.networks },
            ...{ networksBefore: each.networksBefore, baselineDays, times },
            ...{ addresses: each.addresses, someAddresses: each.someAddresses },
            ...{ uses: each.uses, usesElsewhere: each.usesElsewhere },
          },
        },
        firstSeenMillis: each.firstMillis,
        lastSeenMillis: each.lastMillis,
        count: each.networks,
      }),
    );
};

const before = ({ networksBefore }: CameFrom): string =>
  networksBefore === 0 ? 'and was not used before' : `and from ${networksBefore} at most before`;
