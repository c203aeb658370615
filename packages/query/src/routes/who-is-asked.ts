import { EARLIEST_NANOS, formatNanos, LATEST_NANOS } from '@whence/store';
import { z } from 'zod';
import type { Context } from '../api/context.ts';
import {
  badParameter,
  count,
  duration,
  moment,
  runId,
  spanId,
  text,
  traceId,
  yesOrNo,
} from '../api/parameters.ts';
import { objectPath } from '../lineage/artefact/kubernetes-object.ts';
import { statementHashOf } from '../lineage/artefact/statement-hash.ts';
import { type Artefact, type ArtefactAsked, whoTouched } from '../lineage/artefact/who-touched.ts';
import { whoWorkedOn } from '../lineage/artefact/who-worked-on.ts';
import { forOneQuestion } from '../lineage/one-question.ts';
import type { WhoAnswer } from '../lineage/who-answer.ts';
import { ARTEFACT_FIELDS } from '../not-found.ts';
import { whoOfRun, whoOfSpan, whoOfTrace } from './who-by-id.ts';

const CANDIDATES_USUAL = 10;
const CANDIDATES_MAX = 100;

const statement = z
  .string()
  .min(1, 'empty: leave the parameter out instead')
  .max(10_000, 'longer than 10000 characters');

const object = z.string().transform((text, context) => {
  const path = objectPath(text);
  if (path === undefined)
    context.addIssue('an object is namespace/resource/name, or resource/name: prod/deployments/web');
  return path ?? z.NEVER;
});

const commit = z.string().regex(/^[0-9a-f]{7,64}$/i, 'a commit is 7 to 64 hex digits');

/** What may be asked about, and by what. */
export const WHO_PARAMETERS = z.object({
  span: spanId.optional(),
  trace: traceId
    .optional()
    .describe('Alone: the root action of the trace. Beside `span`: which one is meant.'),
  run: runId.optional().describe('The span that opens the run.'),
  target: text
    .optional()
    .describe(
      'What was acted on, as a resource URI: whoever touched it. `{id}` in the path of a URL stands for any id there.',
    ),
  below: yesOrNo.optional().describe('Beside `target`: and whatever begins with it.'),
  statement: statement
    .optional()
    .describe('SQL text: whoever sent it, with whatever values, in whatever layout.'),
  object: object
    .optional()
    .describe(
      'An object of Kubernetes, `prod/deployments/web` or `nodes/worker-1`: whoever touched it over its API.',
    ),
  commit: commit
    .optional()
    .describe('Id of a commit or its beginning: which runs and services worked on it.'),
  at: moment.optional().describe('Beside `target`, `statement` or `object`: the moment that is known of.'),
  within: duration.optional().describe('Beside `at`: how long before it is looked for; 24h where not said.'),
  limit: count(1, CANDIDATES_MAX).optional().describe('Candidates given; 10 where not said.'),
  asOf: moment
    .refine((nanos) => nanos <= BigInt(Date.now()) * 1_000_000n, 'lies in the future')
    .optional()
    .describe('As it was known at this time: by what the collectors had received until then.'),
});

/** What can be held in hand: exactly one of these is asked by. */
const HELD = ['span', 'trace', 'run', 'target', 'statement', 'object', 'commit'] as const;
/** Which goes beside which. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  trace: ['span'],
  below: ['target'],
  at: ['target', 'statement', 'object'],
  within: ['at'],
  limit: ['target', 'statement', 'object', 'commit'],
};

/**
 * Who caused what is asked about.
 *
 * @throws QueryError `bad_parameter` where that is not clear, `unknown_…` where it is not there.
 */
export const whoIsAsked = async (
  known: Pick<Context, 'readers' | 'notFound'>,
  parameters: z.output<typeof WHO_PARAMETERS>,
): Promise<WhoAnswer> => {
  checkTogether(parameters);
  const answer = await whoIn(known, parameters);
  return parameters.asOf === undefined ? answer : { ...answer, asOf: formatNanos(parameters.asOf) };
};

const whoIn = async (
  { readers, notFound }: Pick<Context, 'readers' | 'notFound'>,
  parameters: z.output<typeof WHO_PARAMETERS>,
): Promise<WhoAnswer> => {
  const { span, trace, run, commit, limit } = parameters;
  if (run !== undefined) return whoOfRun(readers, notFound, run);
  if (span !== undefined) return whoOfSpan(readers, notFound, span, trace);
  if (trace !== undefined) return whoOfTrace(readers, notFound, trace);
  const answer =
    commit === undefined
      ? await whoTouched(readers, artefactAsked(parameters))
      : await whoWorkedOn(readers, commit, limit ?? CANDIDATES_USUAL);
  if (answer !== undefined) return answer;
  throw await notFound.artefact(ARTEFACT_FIELDS.find((field) => parameters[field] !== undefined) ?? 'target');
};

/** @throws QueryError `bad_parameter` where it is not clear what is asked. */
const checkTogether = (parameters: z.output<typeof WHO_PARAMETERS>): void => {
  const given = new Set(
    Object.entries(parameters).flatMap(([key, value]) => (value === undefined ? [] : [key])),
  );
  const held = HELD.filter((key) => given.has(key) && !(key === 'trace' && given.has('span')));
  if (held.length === 0) throw badParameter('span', `ask by ${HELD.join(', ')}`);
  if (held.length > 1) throw badParameter(held[1]!, `goes alone: ask by one of ${HELD.join(', ')}`);
  for (const [key, others] of Object.entries(BESIDE)) {
    if (key !== 'trace' && given.has(key) && !others.some((other) => given.has(other))) {
      throw badParameter(key, `goes beside ${others.join(' or ')}`);
    }
  }
};

/** By what the question is answered: what is known, or was known at the time that it names. */
export const knownWhen = (
  context: Context,
  { asOf }: z.output<typeof WHO_PARAMETERS>,
): Pick<Context, 'readers' | 'notFound'> => {
  const { readers, notFound } = asOf === undefined ? context : context.asOf(asOf);
  return { readers: forOneQuestion(readers), notFound };
};

const WITHIN_NANOS = 86_400_000_000_000n;
/** Clocks of different hosts differ. */
const SKEW_NANOS = 60_000_000_000n;

const artefactAsked = (parameters: z.output<typeof WHO_PARAMETERS>): ArtefactAsked => {
  const { at, within = WITHIN_NANOS, limit = CANDIDATES_USUAL } = parameters;
  return {
    artefact: artefactOf(parameters),
    time:
      at === undefined
        ? {}
        : {
            fromNanos: larger(at - within, EARLIEST_NANOS),
            toNanos: smaller(at + SKEW_NANOS, LATEST_NANOS),
          },
    ...(at === undefined ? {} : { atNanos: at }),
    limit,
  };
};

const artefactOf = ({
  target,
  below = false,
  statement: said,
  object: path,
}: z.output<typeof WHO_PARAMETERS>): Artefact => {
  if (path !== undefined) return { kind: 'object', path };
  if (target !== undefined) return { kind: 'target', target, below };
  return { kind: 'statement', statementHash: statementHashOf(said ?? '') };
};

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
