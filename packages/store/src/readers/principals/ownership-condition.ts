import type { Parameters } from '../statements/select.ts';
import type { OwnershipFilter } from './principal-reader.ts';

/** The newest word on each principal, of those that were not taken back. */
export const DECLARED_OWNERS = `
  SELECT PrincipalId, argMax(Owner, newness) AS Owner, argMax(Team, newness) AS Team,
    argMax(DeclaredBy, newness) AS DeclaredBy, max(DeclaredAt) AS DeclaredMoment
  FROM (SELECT *, (DeclaredAt, toString(DeclarationId)) AS newness FROM principal_owners WHERE TenantId = {tenant:String})
  GROUP BY PrincipalId HAVING Owner != '' OR Team != ''`;

/** A condition on `Owned`, the id of a principal, and the values it is given. To be used with `OWNERSHIP_SETTINGS`. */
export const ownershipCondition = (
  filter: OwnershipFilter,
): { readonly sql: string; readonly parameters: Parameters } => {
  const { owner, team } = filter;
  const terms = [
    ...(owner === undefined
      ? []
      : ["(Owner = {owner:String} OR Owner = '' AND has({ownerTeams:Array(String)}, Team))"]),
    ...(team === undefined ? [] : ['Team = {team:String}']),
  ];
  const declared = filter.declared ? ['1', ...terms].join(' AND ') : '0';
  const patterned = patternCondition(filter);
  return {
    sql: `(Owned IN (SELECT PrincipalId FROM (${DECLARED_OWNERS}) WHERE ${declared})
      OR ${patterned.sql} AND Owned NOT IN (SELECT PrincipalId FROM (${DECLARED_OWNERS})))`,
    parameters: {
      ...patterned.parameters,
      ...(owner === undefined ? {} : { owner: owner.id, ownerTeams: owner.teams }),
      ...(team === undefined ? {} : { team }),
    },
  };
};

/** What an earlier term has settled is not looked at again. */
export const OWNERSHIP_SETTINGS = "SETTINGS short_circuit_function_evaluation = 'force_enable'";

/**
 * One expression for all patterns that meet what is asked for: a thousand patterns are compared in one pass. Which
 * pattern is the first is then told for those ids alone.
 */
const patternCondition = ({
  patterns,
  places,
}: OwnershipFilter): { readonly sql: string; readonly parameters: Parameters } => {
  const asked = new Set(places);
  if (asked.has(0)) {
    return patterns.length === 0
      ? { sql: '1', parameters: {} }
      : { sql: 'NOT match(Owned, {any:String})', parameters: { any: expressionOf(patterns) } };
  }
  if (asked.size === 0) return { sql: '0', parameters: {} };
  const compared = patterns.slice(0, Math.max(...places));
  const fitting = compared.filter((_, index) => asked.has(index + 1));
  const parameters = { any: expressionOf(fitting) };
  if (fitting.length === compared.length) return { sql: 'match(Owned, {any:String})', parameters };
  const first = compared
    .map((_, index) => `Owned LIKE {pattern${index}:String}, ${asked.has(index + 1) ? 1 : 0}`)
    .join(', ');
  return {
    sql: `match(Owned, {any:String}) AND multiIf(${first}, 0) = 1`,
    parameters: {
      ...parameters,
      ...Object.fromEntries(compared.map((pattern, index) => [`pattern${index}`, likeOf(pattern)])),
    },
  };
};

const expressionOf = (globs: readonly string[]): string => `(?s)^(?:${globs.map(regexOf).join('|')})$`;

const regexOf = (glob: string): string => glob.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&').replaceAll('*', '.*');

const likeOf = (glob: string): string => glob.replaceAll(/[\\%_]/g, '\\$&').replaceAll('*', '%');
