import { z } from 'zod';
import { type ActorTemplate, actorTemplate, fillTemplate } from './actor-template.ts';
import { type Claims, claimAt, textOfClaim } from './claim-path.ts';
import {
  type Credential,
  nameGlob,
  oneOrMore,
  type Standing,
  standing,
  withDuties,
} from './credential-fields.ts';
import { globMatches } from './glob.ts';

/** Which tokens of an issuer are a workload's. */
export interface WorkloadRule extends Standing {
  /** `sub`, `*` for any characters; any of several. Absent: any subject. */
  readonly subject?: readonly string[] | undefined;
  /** By path; every one must be there and match. Of a claim that is a list, one element must. */
  readonly claims: ReadonlyMap<string, readonly string[]>;
  readonly actor: ActorTemplate;
}

const expected = z
  .union(
    [nameGlob, z.int(), z.boolean()],
    'must be a text (* for any characters), a whole number or a boolean',
  )
  .transform(String);

export const workloadRule = z
  .strictObject({
    subject: oneOrMore(nameGlob).optional(),
    claims: z
      .record(z.string(), oneOrMore(expected))
      .default({})
      .transform((claims) => new Map(Object.entries(claims))),
    ...standing,
    actor: actorTemplate,
  })
  .refine(
    ({ subject, claims }) => subject !== undefined || claims.size > 0,
    'recognises every token of the issuer: give a subject or claims',
  )
  .transform(withDuties);

export type Recognised =
  | {
      readonly status: 'recognised';
      readonly rule: WorkloadRule;
      readonly credential: Omit<Credential, 'proof'>;
    }
  | { readonly status: 'unrecognised'; readonly detail: string };

/** @param claims of a verified token; the first rule that fits counts */
export const recogniseWorkload = (rules: readonly WorkloadRule[], claims: Claims): Recognised => {
  const rule = rules.find((each) => fits(each, claims));
  if (rule === undefined) return { status: 'unrecognised', detail: 'no workload of the issuer fits it' };
  const filled = fillTemplate(rule.actor, claims);
  if (filled.status === 'unfilled') {
    return { status: 'unrecognised', detail: `its claim "${filled.claim}" cannot be part of an actor` };
  }
  const { subject: _, claims: __, actor: ___, ...standing } = rule;
  return {
    status: 'recognised',
    rule,
    credential: { id: filled.uri, actor: filled.uri, ...standing },
  };
};

const fits = ({ subject, claims: asked }: WorkloadRule, claims: Claims): boolean =>
  (subject === undefined || matches(subject, claims['sub'])) &&
  [...asked].every(([path, globs]) => {
    const claim = claimAt(claims, path);
    return (Array.isArray(claim) ? claim : [claim]).some((each) => matches(globs, each));
  });

const matches = (globs: readonly string[], claim: unknown): boolean => {
  const text = textOfClaim(claim);
  return text !== undefined && globs.some((glob) => globMatches(glob, text));
};
