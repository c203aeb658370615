import type { Rule } from './rule.ts';
import { darkAction } from './rules/dark-action.ts';
import { expiredAuthority } from './rules/expired-authority.ts';
import { failureSpike } from './rules/failure-spike.ts';
import { outsideRun } from './rules/outside-run.ts';
import { ownerlessPrincipal } from './rules/ownerless-principal.ts';
import { rateSpike } from './rules/rate-spike.ts';
import { recorderGap } from './rules/recorder-gap.ts';
import { refutedReference } from './rules/refuted-reference.ts';
import { scopeDrift } from './rules/scope-drift.ts';
import { sharedCredential } from './rules/shared-credential.ts';
import { staleCredential } from './rules/stale-credential.ts';
import { unattributedOnGuardedTarget } from './rules/unattributed-on-guarded-target.ts';
import { unexpectedWorkload } from './rules/unexpected-workload.ts';

/**
 * Everything that is looked for, in the order of a pass: proofs that failed and what was hidden first, since they tell
 * of intent; then what is unusual; last how well things are kept, which can wait.
 */
export const RULES: readonly Rule[] = [
  refutedReference,
  unexpectedWorkload,
  outsideRun,
  darkAction,
  unattributedOnGuardedTarget,
  recorderGap,
  scopeDrift,
  rateSpike,
  failureSpike,
  sharedCredential,
  staleCredential,
  expiredAuthority,
  ownerlessPrincipal,
];

export const ruleByCode: ReadonlyMap<string, Rule> = new Map(RULES.map((rule) => [rule.code, rule]));
