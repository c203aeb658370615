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
  const declared = filter.undeclared || terms.length === 0 ? '0' : terms.join(' AND ');
  return {
    sql: `(Principal IN (SELECT PrincipalId FROM (${DECLARED_OWNERS}) WHERE ${declared})
      OR has({places:Array(UInt32)}, arrayFirstIndex(pattern -> Principal LIKE pattern, {patterns:Array(String)}))
        AND Principal NOT IN (SELECT PrincipalId FROM (${DECLARED_OWNERS})))`,
    parameters: {
      patterns: filter.patterns.map(likeOf),
      places: filter.places.map(String),
      ...(owner === undefined ? {} : { owner: owner.id, ownerTeams: owner.teams }),
      ...(team === undefined ? {} : { team }),
    },
  };
};

const likeOf = (glob: string): string => glob.replaceAll(/[\\%_]/g, '\\$&').replaceAll('*', '%');
