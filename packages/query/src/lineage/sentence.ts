import type { Action, Run } from '@whence/model';

/** Longest statement, in characters, before it is cut in a sentence. */
const STATEMENT_MAX_LENGTH = 160;

/** What the sentence is about. Runs are there only where they may name someone. */
export interface Told {
  readonly action: Action;
  readonly run?: Run;
  /** The root run, where it is another one. */
  readonly root?: Run;
  /** The run that handed over to this one, where it was begun so. */
  readonly handedOffBy?: Run;
}

/** Whether it is proven that the run belongs to its root. */
const isProven = (run: Run | undefined): boolean => run?.assurance === 'verified';

/** One or two sentences for whoever is woken by it: what happened, who caused it, how sure that is. */
export const sentenceOf = ({ action, run, root, handedOffBy }: Told): string => {
  const what = describe(action);
  const { principal } = action;
  switch (action.assurance) {
    case 'none':
      return `Nobody is named: ${what} came with no reference, so that nothing says which run it was part of.`;
    case 'refuted':
      return `Nobody can be named: ${what} came with a reference that is forged or damaged (its check failed), and nobody may be concluded from it.`;
    case 'asserted':
      if (principal === undefined) {
        return `Nobody can be named: ${what} only claims to be part of run ${action.runId}, of which there is no record, and nothing proves the claim.`;
      }
      return `${what} is claimed, without any proof, to have been caused by ${principal.id} (${principal.kind}, asserted)${inRun(action, run)}${handedOff(run, handedOffBy)}${allowedBy(action)}.${goesBackTo(root, false)}`;
    case 'inherited':
    case 'verified':
      if (principal === undefined) {
        return `Nobody can be named yet: ${what} was part of run ${action.runId} (${action.assurance}), of which no issuer's record has arrived.`;
      }
      return `${what} was caused by ${principal.id} (${principal.kind}, ${action.assurance})${inRun(action, run)}${handedOff(run, handedOffBy)}${allowedBy(action)}.${goesBackTo(root, isProven(run))}`;
  }
};

/** For a run of which no action has arrived. */
export const sentenceOfRun = (run: Run, root: Run | undefined, handedOffBy?: Run): string => {
  const proof =
    run.assurance === 'verified' ? 'was started by' : 'claims, without any proof, to be started by';
  return `Run ${identified(run)} ${proof} ${run.principal.id} (${run.principal.kind}, ${run.assurance}) at ${moment(run.startedAt)}${handedOff(run, handedOffBy)}${allowedBy(run)}; no action of it has arrived.${goesBackTo(root, isProven(run))}`;
};

const describe = (action: Action): string => {
  const command = oneLine(action.statement ?? action.name);
  return [
    `\`${command}\``,
    ...(action.target === undefined || command.includes(action.target) ? [] : [`on ${action.target}`]),
    ...(action.service === undefined ? [] : [`by ${action.service}`]),
    `at ${moment(action.startTime)}`,
    ...(action.status === 'error' ? ['(which failed)'] : []),
  ].join(' ');
};

const inRun = (action: Action, run: Run | undefined): string =>
  action.runId === undefined ? '' : ` in run ${run === undefined ? action.runId : identified(run)}`;

const handedOff = (run: Run | undefined, by: Run | undefined): string => {
  if (run?.trigger !== 'handoff' || run.parentId === undefined) return '';
  return by === undefined
    ? `, handed off from run ${run.parentId}, of which there is no record that could name anyone`
    : `, handed off from ${by.principal.id} (${by.principal.kind}, ${by.assurance}) in run ${by.id}`;
};

const allowedBy = ({ authority }: Pick<Action, 'authority'>): string =>
  authority === undefined ? ', with nothing on record that allowed it' : `, allowed by ${authority.id}`;

const goesBackTo = (root: Run | undefined, proven: boolean): string =>
  root === undefined
    ? ''
    : ` ${proven ? 'It' : 'By the same claim it'} goes back to ${root.principal.id} (${root.principal.kind}, ${root.assurance}), who started run ${identified(root)} at ${moment(root.startedAt)}${allowedBy(root)}.`;

const identified = (run: Run): string => `${run.id} of ${run.job} (${run.trigger}, attempt ${run.attempt})`;

/** To the second. */
const moment = (time: string): string => `${time.slice(0, 10)} ${time.slice(11, 19)}Z`;

const oneLine = (text: string): string => {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  const characters = [...line];
  return characters.length <= STATEMENT_MAX_LENGTH
    ? line
    : `${characters.slice(0, STATEMENT_MAX_LENGTH).join('')}…`;
};
