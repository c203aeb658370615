import type { OwnershipFilter } from './principal-reader.ts';
import type { Parameters } from './select.ts';

/** The newest word on each principal, of those that were not taken back. */
export const DECLARED_OWNERS = `
  SELECT PrincipalId, argMax(Owner, newness) AS Owner, argMax(Team, newness) AS Team,
    argMax(DeclaredBy, newness) AS DeclaredBy, max(DeclaredAt) AS DeclaredMoment
  FROM (SELECT *, (DeclaredAt, toString(DeclarationId)) AS newness FROM principal_owners WHERE TenantId = {tenant:String})
  GROUP BY PrincipalId HAVING Owner != '' OR Team != ''`;

/** A condition on `Principal`, and the values it is given. */
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
  return {
    sql: `(Principal IN (SELECT PrincipalId FROM (${DECLARED_OWNERS}) WHERE ${declared})
      OR has({places:Array(UInt32)}, ${placeOf(filter.patterns.length)}) AND Principal NOT IN (SELECT PrincipalId FROM (${DECLARED_OWNERS})))`,
    parameters: {
      ...Object.fromEntries(filter.patterns.map((pattern, index) => [`pattern${index}`, likeOf(pattern)])),
      places: filter.places,
      ...(owner === undefined ? {} : { owner: owner.id, ownerTeams: owner.teams }),
      ...(team === undefined ? {} : { team }),
    },
  };
};

/** From 1; 0 where none fits. Patterns that are constants are compared without being compiled for each row. */
const placeOf = (patterns: number): string =>
  patterns === 0
    ? '0'
    : `multiIf(${Array.from({ length: patterns }, (_, index) => `Principal LIKE {pattern${index}:String}, ${index + 1}`).join(', ')}, 0)`;

const likeOf = (glob: string): string => glob.replaceAll(/[\\%_]/g, '\\$&').replaceAll('*', '%');
