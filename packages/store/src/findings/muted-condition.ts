import type { Parameters } from '../readers/statements/select.ts';
import type { MutePattern } from './mute-register.ts';

/** On `RuleNow`, `PrincipalNow` and `TargetNow`: one of the mutes fits. */
export const IS_MUTED = `arrayExists(
    (rule, principal, target) -> RuleNow LIKE rule AND PrincipalNow LIKE principal AND TargetNow LIKE target,
    {muteRules:Array(String)}, {mutePrincipals:Array(String)}, {muteTargets:Array(String)})`;

export const muteParameters = (mutes: readonly MutePattern[]): Parameters => ({
  muteRules: mutes.map(({ rule }) => likeOf(rule)),
  mutePrincipals: mutes.map(({ principal }) => likeOf(principal)),
  muteTargets: mutes.map(({ target }) => likeOf(target)),
});

/** `*` is any characters, everything else itself. */
export const likeOf = (glob: string): string => glob.replaceAll(/[\\%_]/g, '\\$&').replaceAll('*', '%');
