import { ASSURANCES, OUTCOMES } from '@whence/model';
import type { Doings, Footprint, PrincipalProfile, PrincipalSummary, TargetSummary } from '@whence/store';
import { z } from 'zod';
import type { Ownership, OwnerWord } from '../owners/ownership.ts';
import { PRINCIPAL_CREDENTIAL } from './credential.ts';
import { AUTHORITY, MOMENT, PRINCIPAL_KIND } from './record.ts';

/** What was done how often, and when. */
export const DOINGS = {
  actions: z.number().describe('Records: a span that was sent twice is two.'),
  errors: z.number(),
  firstSeen: MOMENT.nanos,
  lastSeen: MOMENT.nanos,
} satisfies { readonly [Field in keyof Doings]: z.ZodType<Doings[Field]> };

/** The first of a list. */
export const ranked = <Item extends z.ZodType>(item: Item) =>
  z
    .object({
      items: z.array(item).readonly(),
      total: z.number().describe('How many there are, those left out of `items` counted too.'),
    })
    .readonly();

export const ASSURANCE_COUNTS = z
  .partialRecord(z.enum(ASSURANCES), z.number())
  .readonly()
  .describe('Actions by assurance; none where nothing was done.');

const OWNER_WORD = z
  .discriminatedUnion('source', [
    z.object({
      source: z.literal('api'),
      owner: z.string().exactOptional(),
      team: z.string().exactOptional(),
      by: z.string().describe('Who declared it.'),
      at: MOMENT.millis,
    }),
    z.object({
      source: z.literal('file'),
      owner: z.string().exactOptional(),
      team: z.string().exactOptional(),
      pattern: z.string().describe('The first of the file that fits.'),
    }),
  ])
  .readonly()
  .meta({ id: 'OwnerWord' }) satisfies z.ZodType<OwnerWord>;

const OWNED = {
  owner: z.string().exactOptional().describe('URI of who answers for it.'),
  team: z.string().exactOptional(),
  ownership: z
    .array(OWNER_WORD)
    .readonly()
    .describe('Every word on who answers for it. The first counts; none: it is ownerless.'),
};

export const OWNERSHIP = z.object(OWNED).readonly().meta({ id: 'Ownership' }) satisfies z.ZodType<Ownership>;

export const PRINCIPAL_SUMMARY = z
  .object({
    id: z.string().describe('URI.'),
    kind: PRINCIPAL_KIND,
    ...OWNED,
    ...DOINGS,
    dormant: z.boolean().describe('Not seen for the days that `dormant` says, 30 where it is not said.'),
    runs: z.number().describe('Runs whose start is on record, claimed ones counted too.'),
    assurances: ASSURANCE_COUNTS,
    jobs: ranked(z.string()).describe('Latest first.'),
    services: ranked(z.string()).describe('Those in which it did most first.'),
    targets: z.number().describe('Different ones, ever: as `target` of a footprint.'),
  })
  .readonly()
  .meta({ id: 'PrincipalSummary' }) satisfies z.ZodType<
  PrincipalSummary & Ownership & { readonly dormant: boolean }
>;

const MILLIS_SPAN = { firstStartedAt: MOMENT.millis, lastStartedAt: MOMENT.millis };

const COUNTED_TARGET = z
  .string()
  .describe(
    'Resource URI. Ids in the paths of URLs as `{id}`: it stands for all that differ in these alone.',
  );

const profile = {
  actors: ranked(
    z
      .object({ actor: z.string().exactOptional().describe('Absent: nobody was authenticated.'), ...DOINGS })
      .readonly(),
  ).describe('Workloads that acted as it, as authenticated.'),
  services: ranked(z.object({ service: z.string(), ...DOINGS }).readonly()),
  authorities: ranked(
    z
      .object({
        authority: AUTHORITY.exactOptional().describe('Absent: nothing that is known allowed these runs.'),
        runs: z.number(),
        ...MILLIS_SPAN,
      })
      .readonly(),
  ).describe('What allowed its runs.'),
  jobs: ranked(
    z
      .object({
        job: z.string(),
        runs: z.number(),
        ended: z.number(),
        failed: z.number().describe('Ended otherwise than in success.'),
        ...MILLIS_SPAN,
        lastRunId: z.string(),
        lastOutcome: z.enum(OUTCOMES).exactOptional().describe('Of the run that ended last.'),
        lastEndedAt: MOMENT.millis.exactOptional(),
      })
      .readonly(),
  ).describe('Latest first.'),
  operations: ranked(
    z.object({ system: z.string().exactOptional(), operation: z.string(), ...DOINGS }).readonly(),
  ),
  targets: ranked(z.object({ target: COUNTED_TARGET, ...DOINGS }).readonly()),
} satisfies { readonly [List in keyof PrincipalProfile]: z.ZodType<PrincipalProfile[List]> };

export const ACTIVITY = z
  .object({
    from: MOMENT.step.describe('Inclusive; the start of an hour.'),
    to: MOMENT.step.describe('Exclusive; the start of an hour.'),
    every: z.enum(['hour', 'day']),
    steps: z
      .array(
        z
          .object({
            at: MOMENT.step,
            actions: z.number(),
            errors: z.number(),
            runs: z.number().describe('That acted; exact for a few, within 2 % for many.'),
          })
          .readonly(),
      )
      .readonly()
      .describe('Those in which it did something, oldest first.'),
  })
  .readonly();

export const PRINCIPAL_IN_FULL = z
  .object({
    principal: PRINCIPAL_SUMMARY,
    ...profile,
    credentials: ranked(PRINCIPAL_CREDENTIAL).describe(
      'By which it, and the workloads that had its runs started, proved who they are; used last first. As of a minute ago.',
    ),
    activity: ACTIVITY,
  })
  .readonly()
  .meta({ id: 'PrincipalInFull', description: 'Each list the most first, where nothing else is said.' });

export const FOOTPRINT = z
  .object({
    system: z.string().exactOptional(),
    operation: z.string().exactOptional(),
    target: COUNTED_TARGET.exactOptional(),
    ...DOINGS,
  })
  .readonly()
  .meta({ id: 'Footprint' }) satisfies z.ZodType<Footprint>;

export const TARGET_SUMMARY = z
  .object({
    target: COUNTED_TARGET,
    systems: z.array(z.string()).readonly().describe('By its OpenTelemetry name; as a rule one.'),
    ...DOINGS,
  })
  .readonly()
  .meta({ id: 'TargetSummary' }) satisfies z.ZodType<TargetSummary>;
