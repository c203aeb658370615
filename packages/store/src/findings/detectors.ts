import type { HourRange } from '../readers/principals/principal-reader.ts';
import type { Selection } from '../readers/statements/select.ts';
import { type AuthorityInUse, authoritiesInUse } from './detect/authorities-in-use.ts';
import { type CredentialAge, staleCredentials } from './detect/credential-ages.ts';
import {
  type ActorAddresses,
  addressesOf,
  type CameFrom,
  type CameFromAsked,
  wideCredentials,
} from './detect/credential-hosts.ts';
import { busyHours, type HourCount, hoursOf, knownSince } from './detect/hourly-counts.ts';
import { learnWorkloads, type NewWorkload, newWorkloads } from './detect/job-workloads.ts';
import { actionsInDoubt, actionsOutsideRuns, type InDoubt, type OutsideRun } from './detect/outside-runs.ts';
import { type Ownerless, type OwnerlessAsked, ownerlessPrincipals } from './detect/ownerless-principals.ts';
import type { ReceivedWindow } from './detect/received.ts';
import {
  type CollectorGap,
  collectorGaps,
  type LostSpans,
  lostSpans,
  type ProcessSequence,
  processSequences,
} from './detect/recorder-losses.ts';
import { type FirstUse, firstUses } from './detect/scope-drift.ts';
import { type ManyFaced, manyFaced } from './detect/shared-credentials.ts';
import {
  darkActions,
  refutedActions,
  type SentActions,
  unattributedActions,
} from './detect/unproven-actions.ts';

/**
 * What rules ask of the record of one tenant. Each reads a bounded part of it, by the time of receipt or by key; which
 * part is said where it is made. Windows are by the collector's clock.
 *
 * Every method throws StoreError `store_unavailable` or `store_refused`, and nothing else.
 */
export interface Detectors {
  firstUses(
    window: ReceivedWindow,
    limits: { readonly learningMillis: number; readonly most: number },
  ): Promise<readonly FirstUse[]>;
  busyHours(
    hours: HourRange,
    atLeast: { readonly actions: number; readonly errors: number },
  ): Promise<readonly HourCount[]>;
  hoursOf(
    principals: readonly string[],
    hours: HourRange,
    hoursOfDay?: readonly number[],
  ): Promise<readonly HourCount[]>;
  knownSince(principals: readonly string[]): Promise<ReadonlyMap<string, number>>;
  manyFaced(
    window: ReceivedWindow,
    limits: { readonly services: number; readonly principals: number },
  ): Promise<readonly ManyFaced[]>;
  wideCredentials(window: ReceivedWindow, asked: CameFromAsked): Promise<readonly CameFrom[]>;
  addressesOf(window: ReceivedWindow, actors: readonly string[]): Promise<readonly ActorAddresses[]>;
  staleCredentials(asked: {
    readonly unusedSinceMillis: number;
    readonly issuedBeforeMillis: number;
    readonly limit: number;
  }): Promise<readonly CredentialAge[]>;
  learnWorkloads(window: ReceivedWindow): Promise<void>;
  newWorkloads(
    window: ReceivedWindow,
    limits: { readonly learningMillis: number },
  ): Promise<readonly NewWorkload[]>;
  actionsOutsideRuns(
    window: ReceivedWindow,
    limits: { readonly beforeMillis: number; readonly afterMillis: number },
  ): Promise<readonly OutsideRun[]>;
  actionsInDoubt(window: ReceivedWindow): Promise<readonly InDoubt[]>;
  ownerlessPrincipals(asked: OwnerlessAsked): Promise<readonly Ownerless[] | undefined>;
  authoritiesInUse(sinceMillis: number): Promise<readonly AuthorityInUse[]>;
  refutedActions(window: ReceivedWindow): Promise<readonly SentActions[]>;
  darkActions(window: ReceivedWindow): Promise<readonly SentActions[]>;
  unattributedActions(window: ReceivedWindow, targets: readonly string[]): Promise<readonly SentActions[]>;
  collectorGaps(window: ReceivedWindow): Promise<readonly CollectorGap[]>;
  lostSpans(window: ReceivedWindow): Promise<readonly LostSpans[]>;
  processSequences(window: ReceivedWindow, judgedToMillis: number): Promise<readonly ProcessSequence[]>;
}

export const detectorsOf = (selection: Selection): Detectors => ({
  firstUses: (window, limits) => firstUses(selection, window, limits),
  busyHours: (hours, atLeast) => busyHours(selection, hours, atLeast),
  hoursOf: (principals, hours, hoursOfDay) => hoursOf(selection, principals, hours, hoursOfDay),
  knownSince: (principals) => knownSince(selection, principals),
  manyFaced: (window, limits) => manyFaced(selection, window, limits),
  wideCredentials: (window, asked) => wideCredentials(selection, window, asked),
  addressesOf: (window, actors) => addressesOf(selection, window, actors),
  staleCredentials: (asked) => staleCredentials(selection, asked),
  learnWorkloads: (window) => learnWorkloads(selection, window),
  newWorkloads: (window, limits) => newWorkloads(selection, window, limits),
  actionsOutsideRuns: (window, limits) => actionsOutsideRuns(selection, window, limits),
  actionsInDoubt: (window) => actionsInDoubt(selection, window),
  ownerlessPrincipals: (asked) => ownerlessPrincipals(selection, asked),
  authoritiesInUse: (sinceMillis) => authoritiesInUse(selection, sinceMillis),
  refutedActions: (window) => refutedActions(selection, window),
  darkActions: (window) => darkActions(selection, window),
  unattributedActions: (window, targets) => unattributedActions(selection, window, targets),
  collectorGaps: (window) => collectorGaps(selection, window),
  lostSpans: (window) => lostSpans(selection, window),
  processSequences: (window, judgedToMillis) => processSequences(selection, window, judgedToMillis),
});
