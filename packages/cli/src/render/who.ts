import type { Candidate, ChainEntry, WhoAnswer, WitnessSeen } from '@whence/query';
import { ACTION_COLUMNS, actionHead, actionRow, edgeText, remarkRow } from './action-row.ts';
import { alignColumns } from './columns.ts';
import { plainText } from './plain-text.ts';
import { authorityText, factLine, missingLines, principalText, runText } from './run-facts.ts';
import { type Style, styleOf } from './style.ts';
import { DEFAULT_COLUMNS, type RenderOptions } from './tree.ts';

const INDENT = '  ';
/** Deeper links keep this indent: a long chain must not push its own text off the line. */
const MOST_INDENTS = 12;

/** Who caused this: the sentence, then what it rests on, and what it does not. Ends with a line end. */
export const renderWho = (
  {
    sentence,
    principal,
    run,
    authority,
    action,
    chain,
    witnesses,
    candidates = [],
    asOf,
    missing,
  }: WhoAnswer,
  { columns = DEFAULT_COLUMNS, colours = false }: RenderOptions = {},
): string => {
  const style = styleOf(colours);
  const fact = (label: string, text: string): string => factLine(label, text, style);
  const lines = [
    style.bold(plainText(sentence)),
    ...(asOf === undefined ? [] : [style.dim(`As it was known at ${plainText(asOf)}.`)]),
    '',
    ...(principal === undefined
      ? [fact('principal', style.doubtful('nobody is named'))]
      : [
          fact('principal', principalText(principal, principal.assurance, style)),
          fact('', plainText(principal.how)),
        ]),
    ...(run === undefined
      ? [fact('run', style.doubtful('none known'))]
      : [fact('run', runText(run, style)), fact('', run.id)]),
    fact('authority', authority === undefined ? style.doubtful('none known') : authorityText(authority)),
    fact('actor', action?.actor === undefined ? style.doubtful('not known') : plainText(action.actor)),
    fact('witnesses', witnessesText(witnesses, style)),
    ...missingLines(missing, style),
    ...(chain.length === 0
      ? []
      : [
          '',
          style.dim(
            action === undefined
              ? 'What started the run, up to the root:'
              : 'From the action up to its root:',
          ),
          ...alignColumns(
            ACTION_COLUMNS,
            [actionHead(style), ...chain.map((entry, at) => entryRow(entry, at, chain[at - 1], style))],
            columns,
          ),
        ]),
    ...(candidates.length < 2 ? [] : candidateLines(candidates, columns, style)),
  ];
  return `${lines.join('\n')}\n`;
};

/** Actions that may be the one, each with what speaks for it and against. */
const candidateLines = (
  candidates: readonly Candidate[],
  columns: number,
  style: Style,
): readonly string[] => [
  '',
  style.dim('Actions that come into question, the likeliest first:'),
  ...alignColumns(
    ACTION_COLUMNS,
    [
      actionHead(style),
      ...candidates.flatMap(({ action, why }, at) => [
        actionRow(`${at + 1}. `, action, undefined, style),
        ...why.map((reason) => remarkRow(`   ${plainText(reason)}`, style)),
      ]),
    ],
    columns,
  ),
];

const entryRow = (entry: ChainEntry, depth: number, effect: ChainEntry | undefined, style: Style) => {
  const lead =
    effect === undefined
      ? ''
      : `${INDENT.repeat(Math.min(depth, MOST_INDENTS))}← ${edgeText(effect.causedBy)}: `;
  return actionRow(lead, entry.action, opensRun(entry) ? entry.run : undefined, style);
};

/** A chain leaves a run by the span that opened it, which bears the job's name; or by another, where that one is missing. */
const opensRun = ({ action, run }: ChainEntry): boolean => run !== undefined && action.name === run.job;

const witnessesText = (witnesses: readonly WitnessSeen[], style: Style): string =>
  witnesses.length === 0
    ? style.doubtful('none')
    : witnesses.map((each) => witnessText(each, style)).join(', ');

const witnessText = ({ witness, actor, agrees }: WitnessSeen, style: Style): string => {
  const verdict = agrees === undefined ? '' : agrees ? style.good(' agrees') : style.bad(' disagrees');
  return `${plainText(witness)}${actor === undefined ? '' : ` (${plainText(actor)})`}${verdict}`;
};
