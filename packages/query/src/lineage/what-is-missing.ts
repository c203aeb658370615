import type { Action, Assurance, Run } from '@whence/model';
import type { RecordedAction, RecordedRun } from '@whence/store';
import type { NotInherited } from '../attribution/verdict.ts';
import { whyNot } from '../attribution/why-not.ts';
import type { Missing, MissingCode } from './missing.ts';
import type { WitnessSeen } from './who-answer.ts';

const missing = (code: MissingCode, detail: string): Missing => ({ code, detail });

/** What an answer about this action lacks, whatever its chain. */
export const missingOfAction = (
  action: Action,
  recorded: RecordedRun | undefined,
  named: Run | undefined,
  witnesses: readonly WitnessSeen[],
): readonly Missing[] => [
  ...missingOfReference(action),
  ...(action.runId === undefined || action.assurance === 'refuted'
    ? []
    : missingOfRun(action, recorded, named)),
  ...missingOfWitnesses(witnesses),
  missing('not_sealed', 'No signed checkpoint covers the record yet: that it was not altered is not proven.'),
];

/** What the process itself said against its own record. */
export const missingOfDoubt = ({ action, doubt, marksOpen }: RecordedAction): readonly Missing[] => [
  ...(doubt?.kind === 'conflict'
    ? [
        missing(
          'run_conflict',
          `It was asked for in one run and done in another (${doubt.runIds.join(', ')}): which of them caused it, the process could not tell.`,
        ),
      ]
    : []),
  ...(doubt?.kind === 'run_ended'
    ? [
        missing(
          'run_ended',
          `It happened in the context of run ${action.runId ?? ''} after that had ended: what the run left behind, not what it did.`,
        ),
      ]
    : []),
  ...(marksOpen === undefined
    ? []
    : [
        missing(
          'not_ended',
          `Span ${marksOpen} of trace ${action.traceId} had not ended when this was recorded, and no end of it is part of this answer.`,
        ),
      ]),
];

export const missingOfReference = ({ assurance, runId }: Action): readonly Missing[] => {
  switch (assurance) {
    case 'none':
      return [missing('no_reference', 'The action came with no reference to a run: nobody is named.')];
    case 'refuted':
      return [
        missing(
          'refuted',
          `The action came with a reference${runId === undefined ? '' : ` to run ${runId}`} that is forged or damaged: its check failed, and nobody may be concluded from it.`,
        ),
      ];
    case 'asserted':
      return [
        missing('asserted_only', 'The reference carries no proof: that the run caused this is a claim.'),
      ];
    case 'inherited':
      return [
        missing(
          'inherited_only',
          'The action came with no reference of its own: that the run caused it rests on its parents and links, as whoever sent it tells them.',
        ),
      ];
    case 'verified':
      return [];
  }
};

/** Why an action without a reference could not be attributed by what is above it either. */
export const missingOfInheritance = (why: NotInherited | undefined): readonly Missing[] =>
  why === undefined ? [] : [missing('not_inherited', whyNot(why))];

const missingOfRun = (
  action: Action,
  recorded: RecordedRun | undefined,
  named: Run | undefined,
): readonly Missing[] => {
  if (named === undefined) {
    return [
      missing(
        'run_unknown',
        recorded === undefined
          ? `No record of run ${action.runId} has arrived${action.principal === undefined ? '' : '; principal and authority are as they were known when the action was received'}.`
          : `No issuer's record of run ${action.runId} has arrived, only a claim of it, which does not count beside a verified reference.`,
      ),
    ];
  }
  return missingOfRunRecord(named, recorded?.disputed ?? false, action.authority !== undefined);
};

/** What a run's record lacks. */
export const missingOfRunRecord = (
  run: Run,
  disputed: boolean,
  authorityKnown: boolean,
): readonly Missing[] => [
  ...(authorityKnown
    ? []
    : [missing('no_authority', `The record of run ${run.id} names nothing that allowed it.`)]),
  ...(run.endedAt === undefined
    ? [missing('run_open', `Run ${run.id} has not ended, as far as is known: more may come.`)]
    : []),
  ...(disputed
    ? [
        missing(
          'conflict',
          `There are records of run ${run.id} that contradict each other; the best proven one is shown (${run.assurance}).`,
        ),
      ]
    : []),
];

const missingOfWitnesses = (witnesses: readonly WitnessSeen[]): readonly Missing[] => {
  if (witnesses.some(({ agrees }) => agrees === false)) {
    return [missing('conflict', 'The witnesses of the action do not say the same.')];
  }
  if (witnesses.length > 1) return [];
  const [own] = witnesses;
  return [
    missing(
      'one_witness',
      own?.witness === 'gateway'
        ? 'Only the gateway on the connection saw the action: the process itself did not report it.'
        : own?.witness === 'import'
          ? 'Only an imported log tells of the action.'
          : 'Only the process itself reported the action: no gateway saw it.',
    ),
  ];
};

const HOLDS: readonly Assurance[] = ['verified', 'inherited'];
const NAMED_AT_MOST = 8;

/** What is less proven above an action whose own reference holds: the way to the root goes through it. */
export const missingOfChain = ([own, ...above]: readonly Action[]): readonly Missing[] => {
  const weak = above.filter(({ assurance }) => !HOLDS.includes(assurance));
  if (own === undefined || !HOLDS.includes(own.assurance) || weak.length === 0) return [];
  const named = weak.slice(0, NAMED_AT_MOST).map(({ spanId, assurance }) => `${spanId} (${assurance})`);
  return [
    missing(
      'chain_unproven',
      `The way to the root goes through ${weak.length} ${weak.length === 1 ? 'action' : 'actions'} without a checked reference: span ${named.join(', ')}${weak.length > NAMED_AT_MOST ? ', …' : ''}.`,
    ),
  ];
};

/** Records that contradict each other under one span id. */
export const missingOfConflicts = (records: readonly RecordedAction[]): readonly Missing[] =>
  records
    .filter(({ conflict }) => conflict)
    .map(({ action }) =>
      missing(
        'conflict',
        `There are different records of span ${action.spanId} of trace ${action.traceId}; the one received first is shown.`,
      ),
    );
