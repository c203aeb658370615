import type { Action, Assurance, Run } from '@whence/model';
import { mayName, type Readers, type RecordedAction, type RecordedRun } from '@whence/store';
import { type InheritanceNow, inheritanceNow } from '../attribution/inheritance-now.ts';
import { askAhead } from './ask-ahead.ts';
import { causeKindOf } from './cause-kind.ts';
import { type Chain, type ChainLink, causeOfRun, climb } from './climb.ts';
import type { Missing } from './missing.ts';
import { sentenceOf, sentenceOfRun } from './sentence.ts';
import {
  missingOfAction,
  missingOfChain,
  missingOfConflicts,
  missingOfDoubt,
  missingOfInheritance,
  missingOfRunRecord,
} from './what-is-missing.ts';
import type { ChainEntry, NamedPrincipal, WhoAnswer } from './who-answer.ts';
import { witnessesOf } from './witnesses.ts';

type Runs = ReadonlyMap<string, RecordedRun>;

/** Who caused an action. `noted` is what was already found missing on the way to it. */
export const whoCausedAction = async (
  readers: Readers,
  received: RecordedAction,
  noted: readonly Missing[] = [],
): Promise<WhoAnswer> => {
  const [, climbed, witnesses] = await Promise.all([
    askAhead(readers, received),
    climb(readers, received),
    witnessesOf(readers, received),
  ]);
  const inheritance = await inheritanceNow(readers, [received, ...climbed.links.map((link) => link.record)]);
  const record = inheritance.of(received);
  const chain = withInheritance(climbed, inheritance);
  const runs = await runsOf(readers, [record, ...chain.links.map((link) => link.record)]);

  const { action } = record;
  const run = runNaming(action, runs);
  const root = run === undefined ? undefined : rootOf(run, runs);
  const handedOffBy = run === undefined ? undefined : await handerOver(readers, run, runs);
  return {
    sentence: sentenceOf({
      action,
      ...optional('run', run),
      ...optional('root', root),
      ...optional('handedOffBy', handedOffBy),
    }),
    action,
    ...optional('principal', principalOf(action, inheritance.crossesSenders(received))),
    ...optional('run', run),
    ...optional('handedOffBy', handedOffBy),
    ...optional('authority', action.authority),
    chain: entriesOf(chain, runs),
    witnesses,
    missing: [
      ...noted,
      ...missingOfDoubt(record),
      ...missingOfInheritance(inheritance.whyNot(received)),
      ...missingOfAction(action, runs.get(action.runId ?? ''), run, witnesses),
      ...chain.missing,
      ...missingOfChain(chain.links.map((link) => link.record.action)),
      ...missingOfConflicts(chain.links.map((link) => link.record)),
    ],
  };
};

/** Who caused a run of which no action has arrived. The chain begins at the run that started it. */
export const whoCausedRun = async (readers: Readers, recorded: RecordedRun): Promise<WhoAnswer> => {
  const { run, disputed } = recorded;
  const above = await causeOfRun(readers, run);
  const climbed: Chain =
    above.cause === undefined ? { links: [], missing: [] } : await climb(readers, above.cause.record);
  const chain = withInheritance(
    climbed,
    await inheritanceNow(
      readers,
      climbed.links.map((link) => link.record),
    ),
  );
  const runs = await runsOf(
    readers,
    chain.links.map((link) => link.record),
    [run.rootId],
  );
  const root = rootOf(run, runs);
  const handedOffBy = await handerOver(readers, run, runs);
  return {
    sentence: sentenceOfRun(run, root, handedOffBy),
    principal: { ...run.principal, assurance: run.assurance, how: HOW_OF_RUN[run.assurance] },
    run,
    ...optional('handedOffBy', handedOffBy),
    ...optional('authority', run.authority),
    chain: entriesOf(chain, runs),
    witnesses: [],
    missing: [
      {
        code: 'run_span_missing',
        detail: `No action of run ${run.id} is in the store: only its record is known.`,
      },
      ...(run.assurance === 'verified'
        ? []
        : [
            {
              code: 'asserted_only',
              detail: 'The record of the run is a claim of the process itself.',
            } as const,
          ]),
      ...missingOfRunRecord(run, disputed, run.authority !== undefined),
      ...above.missing,
      ...chain.missing,
    ],
  };
};

const withInheritance = ({ links, missing }: Chain, inheritance: InheritanceNow): Chain => ({
  links: links.map((link) => ({ ...link, record: inheritance.of(link.record) })),
  missing,
});

/** Records of the runs of these actions and of their roots. */
const runsOf = async (
  readers: Readers,
  records: readonly RecordedAction[],
  more: readonly string[] = [],
): Promise<Runs> => {
  const claimed = records.filter(({ action }) => action.assurance !== 'refuted');
  const ids = claimed
    .flatMap(({ action }) => [action.runId, action.rootRunId])
    .filter((id) => id !== undefined);
  return readers.runs.byIds([...ids, ...more]);
};

const runNaming = ({ runId, assurance }: Action, runs: Runs): Run | undefined => {
  const run = runId === undefined ? undefined : runs.get(runId)?.run;
  return run !== undefined && mayName(assurance, run) ? run : undefined;
};

/** The root of a run that is not one itself. An issuer's record of a run is not joined to a mere claim of its root. */
const rootOf = (run: Run, runs: Runs): Run | undefined => {
  const root = run.rootId === run.id ? undefined : runs.get(run.rootId)?.run;
  return root !== undefined && mayName(run.assurance, root) ? root : undefined;
};

/** The parent of a run that was begun by a handoff: most often the chain has shown it. */
const handerOver = async (readers: Readers, run: Run, runs: Runs): Promise<Run | undefined> => {
  if (run.trigger !== 'handoff' || run.parentId === undefined) return undefined;
  const parent = (runs.get(run.parentId) ?? (await readers.runs.byId(run.parentId)))?.run;
  return parent !== undefined && mayName(run.assurance, parent) ? parent : undefined;
};

const entriesOf = ({ links }: Chain, runs: Runs): readonly ChainEntry[] =>
  links.map((link, index) => {
    const next = links[index + 1];
    const run = runNaming(link.record.action, runs);
    return {
      action: link.record.action,
      ...optional('causedBy', next === undefined ? undefined : kindOf(link, next, run)),
      ...optional('run', next?.record.action.runId === link.record.action.runId ? undefined : run),
    };
  });

const kindOf = ({ record, ascent }: ChainLink, next: ChainLink, run: Run | undefined) =>
  ascent === undefined ? undefined : causeKindOf(ascent, record, next.record, run);

const HOW: Readonly<Record<Exclude<Assurance, 'none' | 'refuted'>, string>> = {
  verified:
    "The MAC of the action's reference was checked when it was received; the run's record names the principal.",
  inherited: 'Taken over from an action above it, whose reference was checked.',
  asserted: 'Claimed by the process itself; nothing proves it.',
};

const HOW_OF_RUN: Readonly<Record<Assurance, string>> = {
  ...HOW,
  verified: 'An issuer authenticated whoever started the run and recorded it.',
  none: 'Nothing is known of it.',
  refuted: 'Its proof failed.',
};

/** Of what a service of ours did for someone: it belongs to no run. */
const HOW_OUTSIDE_OF_RUNS =
  'The service that did it authenticated whoever asked; it is recorded as nobody else can, and belongs to no run.';

const principalOf = (action: Action, crossesSenders: boolean): NamedPrincipal | undefined => {
  const { principal, assurance } = action;
  if (principal === undefined || assurance === 'none' || assurance === 'refuted') return undefined;
  return { ...principal, assurance, how: howOf(action, assurance, crossesSenders) };
};

const howOf = (
  { inheritedFrom, runId }: Action,
  assurance: keyof typeof HOW,
  crossesSenders: boolean,
): string =>
  inheritedFrom === undefined
    ? runId === undefined
      ? HOW_OUTSIDE_OF_RUNS
      : HOW[assurance]
    : [
        `Taken over from span ${inheritedFrom.spanId} of trace ${inheritedFrom.traceId}, whose reference was checked`,
        inheritedFrom.hops === 1 ? '1 step' : `${inheritedFrom.hops} steps`,
        inheritedFrom.via === 'parent' ? 'up by parent spans' : 'up by parent spans and links',
        crossesSenders
          ? 'some of which one workload tells of what another one sent.'
          : 'all told by one workload.',
      ].join(', ');

const optional = <Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [K in Key]?: Value } =>
  value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]: Value });
