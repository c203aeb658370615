import type { Declaration, OwnerRegister, OwnershipFilter } from '@whence/store';
import { type OwnerRules, ruleFor } from './owner-rules.ts';

/** One word on who answers for a principal, and whose word it is. */
export type OwnerWord = { readonly owner?: string; readonly team?: string } & (
  | { readonly source: 'api'; readonly by: string; readonly at: string }
  | { readonly source: 'file'; readonly pattern: string }
);

export interface Ownership {
  readonly owner?: string;
  readonly team?: string;
  /** Every word there is. The first counts; none: the principal is ownerless. */
  readonly ownership: readonly OwnerWord[];
}

export interface OwnersAsked {
  readonly owner?: string | undefined;
  readonly team?: string | undefined;
  /** Those that nobody answers for, or those that somebody does. */
  readonly ownerless?: boolean | undefined;
}

/** Who answers for the principals of one tenant: what was declared over the API, and before what the file says. */
export interface Owners {
  of(principals: readonly string[]): Promise<ReadonlyMap<string, Ownership>>;
  /** Undefined where nothing is asked for. */
  filter(asked: OwnersAsked): OwnershipFilter | undefined;
  declare(principal: string, said: Omit<Declaration, 'at'>): Promise<Ownership>;
  /** Takes back what was declared over the API, if anything was. */
  withdraw(principal: string, by: string): Promise<Ownership>;
}

/** @param rules those of the file as it is now */
export const ownersOf = (register: OwnerRegister, rules: () => OwnerRules): Owners => {
  const of = async (principals: readonly string[]): Promise<ReadonlyMap<string, Ownership>> => {
    const declared = await register.of(principals);
    return new Map(principals.map((each) => [each, ownershipOf(rules(), each, declared.get(each))]));
  };

  return {
    of,
    filter: (asked) => filterOf(rules(), asked),
    declare: async (principal, said) =>
      ownershipOf(rules(), principal, await register.declare(principal, said)),
    withdraw: async (principal, by) => {
      if ((await register.of([principal])).has(principal)) await register.withdraw(principal, by);
      return ownershipOf(rules(), principal, undefined);
    },
  };
};

const ownershipOf = (rules: OwnerRules, principal: string, declared: Declaration | undefined): Ownership => {
  const rule = ruleFor(rules, principal);
  const teamOwner = rules.ownerOfTeam.get(declared?.team ?? '');
  const words: readonly OwnerWord[] = [
    ...(declared === undefined
      ? []
      : [{ source: 'api' as const, ...(teamOwner === undefined ? {} : { owner: teamOwner }), ...declared }]),
    ...(rule === undefined ? [] : [{ source: 'file' as const, ...rule }]),
  ];
  const [counts] = words;
  return {
    ...(counts?.owner === undefined ? {} : { owner: counts.owner }),
    ...(counts?.team === undefined ? {} : { team: counts.team }),
    ownership: words,
  };
};

const filterOf = (
  { rules, ownerOfTeam }: OwnerRules,
  { owner, team, ownerless }: OwnersAsked,
): OwnershipFilter | undefined => {
  if (owner === undefined && team === undefined && ownerless === undefined) return undefined;
  const narrowed = owner !== undefined || team !== undefined;
  const places = rules.flatMap((rule, index) =>
    ownerless !== true &&
    (owner === undefined || rule.owner === owner) &&
    (team === undefined || rule.team === team)
      ? [index + 1]
      : [],
  );
  return {
    patterns: rules.map(({ pattern }) => pattern),
    places: ownerless === true && !narrowed ? [0] : places,
    declared: ownerless !== true,
    ...(owner === undefined ? {} : { owner: { id: owner, teams: teamsOf(ownerOfTeam, owner) } }),
    ...(team === undefined ? {} : { team }),
  };
};

const teamsOf = (ownerOfTeam: ReadonlyMap<string, string>, owner: string): readonly string[] =>
  [...ownerOfTeam].filter(([, id]) => id === owner).map(([team]) => team);
