import type { Readers, RecordedAction } from '@whence/store';
import { z } from 'zod';
import { WHO } from '../answers/who.ts';
import { endpoint } from '../api/endpoint.ts';
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
import type { Missing } from '../lineage/missing.ts';
import { forOneQuestion, SMALL_TRACE } from '../lineage/one-question.ts';
import { spansOfTrace } from '../lineage/spans-of-trace.ts';
import { whoCausedAction, whoCausedRun } from '../lineage/who.ts';
import type { WhoAnswer } from '../lineage/who-answer.ts';
import { ARTEFACT_FIELDS, type NotFound } from '../not-found.ts';

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

const PARAMETERS = z.object({
  span: spanId.optional(),
  trace: traceId
    .optional()
    .describe('Alone: the root action of the trace. Beside `span`: which one is meant.'),
  run: runId.optional().describe('The span that opens the run.'),
  target: text.optional().describe('What was acted on, as a resource URI: whoever touched it.'),
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

export const whoRoute = endpoint({
  path: '/v1/who',
  tag: 'lineage',
  summary: 'Who caused this?',
  description:
    'From a span, a trace or a run up to the root, across traces. From what was touched or said: the actions that come into question, the likeliest first, and the whole answer for that one.',
  examples: [
    { summary: 'By span', request: '/v1/who?span=e000000000000004' },
    {
      summary: 'By trace: its root action',
      request: '/v1/who?trace=f0000000000000000000000000000000',
    },
    {
      summary: 'By run: the span that opens it',
      request: '/v1/who?run=01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10',
    },
    {
      summary: 'By a table, and when a row of it changed',
      request: '/v1/who?target=postgresql://db:5432/bank/invoices&at=2026-03-01T03:14:08Z',
    },
    {
      summary: 'By what was said',
      request: '/v1/who?statement=update%20invoices%20set%20paid%3D%27t%27&at=2026-03-01T03:14:08Z&within=1h',
    },
    {
      summary: 'By an object of Kubernetes',
      request: '/v1/who?object=prod/deployments/web&at=2026-03-01T03:14:08Z',
    },
    { summary: 'By a commit', request: '/v1/who?commit=4f3c9a1' },
  ],
  parameters: PARAMETERS,
  answer: WHO,
  rowsIn: ({ chain }) => chain.length,
  respond: async ({ parameters }, { readers: allReaders, notFound }) => {
    checkTogether(parameters);
    const readers = forOneQuestion(allReaders);
    const { span, trace, run, commit, limit } = parameters;
    if (run !== undefined) return whoOfRun(readers, notFound, run);
    if (span !== undefined) return whoOfSpan(readers, notFound, span, trace);
    if (trace !== undefined) return whoOfTrace(readers, notFound, trace);
    const answer =
      commit === undefined
        ? await whoTouched(readers, artefactAsked(parameters))
        : await whoWorkedOn(readers, commit, limit ?? CANDIDATES_USUAL);
    if (answer !== undefined) return answer;
    throw await notFound.artefact(
      ARTEFACT_FIELDS.find((field) => parameters[field] !== undefined) ?? 'target',
    );
  },
});

/** @throws QueryError `bad_parameter` where it is not clear what is asked. */
const checkTogether = (parameters: z.output<typeof PARAMETERS>): void => {
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

const WITHIN_NANOS = 86_400_000_000_000n;
/** Clocks of different hosts differ. */
const SKEW_NANOS = 60_000_000_000n;
const EARLIEST_NANOS = -2_208_988_800_000_000_000n;
const LATEST_NANOS = 9_223_372_036_000_000_000n;

const artefactAsked = (parameters: z.output<typeof PARAMETERS>): ArtefactAsked => {
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
}: z.output<typeof PARAMETERS>): Artefact => {
  if (path !== undefined) return { kind: 'object', path };
  if (target !== undefined) return { kind: 'target', target, below };
  return { kind: 'statement', statementHash: statementHashOf(said ?? '') };
};

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

const whoOfSpan = async (
  readers: Readers,
  notFound: NotFound,
  span: string,
  trace: string | undefined,
): Promise<WhoAnswer> => {
  const records =
    trace === undefined
      ? await readers.actions.bySpan({ spanId: span })
      : await spansOfTrace(readers, trace, [span]);
  const [record] = records;
  if (record === undefined) throw await notFound.span(span, trace);
  const noted = otherTraces(records);
  return whoCausedAction(readers, record, noted);
};

const whoOfTrace = async (readers: Readers, notFound: NotFound, trace: string): Promise<WhoAnswer> => {
  const { records, truncated } = await readers.actions.smallTrace(trace, SMALL_TRACE);
  const record = truncated ? await readers.actions.topOfTrace(trace) : topOf(records);
  if (record === undefined) throw await notFound.trace(trace);
  return whoCausedAction(readers, record);
};

/** As `topOfTrace` of the store tells it. */
const topOf = (records: readonly RecordedAction[]): RecordedAction | undefined => {
  const ids = new Set(records.map(({ action }) => action.spanId));
  const oldestFirst = [...records].sort(byStart);
  return (
    oldestFirst.find(({ action }) => action.parentSpanId === undefined) ??
    oldestFirst.find(({ action }) => !ids.has(action.parentSpanId ?? '')) ??
    oldestFirst[0]
  );
};

const byStart = ({ action: a }: RecordedAction, { action: b }: RecordedAction): number =>
  compare(a.startTime, b.startTime) || compare(a.spanId, b.spanId);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const whoOfRun = async (readers: Readers, notFound: NotFound, run: string): Promise<WhoAnswer> => {
  const [opening, recorded] = await Promise.all([readers.actions.openingOf(run), readers.runs.byId(run)]);
  if (opening !== undefined) return whoCausedAction(readers, opening);
  const first = await readers.actions.firstOf(run);
  if (first !== undefined) return whoCausedAction(readers, first, [openingMissing(run)]);
  if (recorded === undefined) throw await notFound.run(run);
  return whoCausedRun(readers, recorded);
};

const otherTraces = (records: readonly RecordedAction[]): readonly Missing[] => {
  const traces = new Set(records.map(({ action }) => action.traceId));
  return traces.size < 2
    ? []
    : [
        {
          code: 'conflict',
          detail: `Span ids repeat: this one occurs in ${traces.size} traces (${[...traces].slice(0, 8).join(', ')}). The one received first is shown; add trace=.`,
        },
      ];
};

const openingMissing = (run: string): Missing => ({
  code: 'run_span_missing',
  detail: `The opening span of run ${run} has not arrived: the answer begins at its first action.`,
});
