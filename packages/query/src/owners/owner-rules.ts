import { faultsText, globMatches, readSettings } from '@whence/identity';
import { isPrincipalId } from '@whence/model';
import { z } from 'zod';
import { QueryError } from '../query-error.ts';

/** Who answers for the principals that a pattern fits. */
export interface OwnerRule {
  /** Of principal ids, `*` for any characters. */
  readonly pattern: string;
  /** URI; that of the team where the entry names none itself. */
  readonly owner?: string;
  readonly team?: string;
}

export interface OwnerRules {
  /** In the order of the file; the first that fits counts. */
  readonly rules: readonly OwnerRule[];
  /** Who answers for a team. */
  readonly ownerOfTeam: ReadonlyMap<string, string>;
}

export const NO_RULES: OwnerRules = { rules: [], ownerOfTeam: new Map() };

/** Patterns go to the store with a question, in its request line. */
const PATTERNS_MAX = 1000;

export const ownerId = z
  .string()
  .refine(isPrincipalId, 'must be a URI such as user:dana@example.com, 512 characters at most');

export const teamName = z
  .string()
  .regex(
    /^[^\s\p{C}](?:[^\p{C}]{0,98}[^\s\p{C}])?$/u,
    'must be 1 to 100 characters, not beginning or ending with a blank',
  );

const pattern = z
  .string()
  .regex(/^[^\s\p{C}]{1,512}$/u, 'must be 1 to 512 characters without blanks, * for any characters');

const entry = z
  .strictObject({
    match: z.preprocess(
      (given) => (typeof given === 'string' ? [given] : given),
      z.array(pattern).min(1, 'lists nothing'),
    ),
    owner: ownerId.optional(),
    team: teamName.optional(),
  })
  .refine(({ owner, team }) => owner !== undefined || team !== undefined, 'names neither owner nor team');

const file = z
  .strictObject({
    teams: z.array(z.strictObject({ name: teamName, owner: ownerId })).default([]),
    principals: z.array(entry).default([]),
  })
  .superRefine(({ teams, principals }, context) => {
    const first = new Map<string, number>();
    teams.forEach(({ name }, at) => {
      const before = first.get(name);
      if (before === undefined) first.set(name, at);
      else
        context.addIssue({
          code: 'custom',
          path: ['teams', at, 'name'],
          message: `is that of teams[${before}] as well`,
        });
    });
    const patterns = principals.reduce((sum, { match }) => sum + match.length, 0);
    if (patterns > PATTERNS_MAX) {
      context.addIssue({
        code: 'custom',
        path: ['principals'],
        message: `${patterns} patterns, ${PATTERNS_MAX} at most`,
      });
    }
  });

/**
 * @param text the owners file, YAML or JSON
 * @param source its path, for messages
 * @throws QueryError `owners_invalid`, with every fault and where it is
 */
export const readOwnerRules = (text: string, source: string): OwnerRules => {
  // An empty file names nobody.
  const read = readSettings(file, text, {});
  if (read.status === 'faulty') throw new QueryError('owners_invalid', faultsText(source, read.faults));
  const ownerOfTeam = new Map(read.settings.teams.map(({ name, owner }) => [name, owner]));
  return {
    ownerOfTeam,
    rules: read.settings.principals.flatMap(({ match, team, owner = ownerOfTeam.get(team ?? '') }) =>
      match.map((each) => ({
        pattern: each,
        ...(owner === undefined ? {} : { owner }),
        ...(team === undefined ? {} : { team }),
      })),
    ),
  };
};

export const ruleFor = ({ rules }: OwnerRules, principal: string): OwnerRule | undefined =>
  rules.find(({ pattern }) => globMatches(pattern, principal));
