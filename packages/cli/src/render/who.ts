import type { ChainLink, WhoAnswer } from '../api/answers.ts';
import { ACTION_COLUMNS, actionHead, actionRow } from './action-row.ts';
import { alignColumns } from './columns.ts';
import { plainText } from './plain-text.ts';
import { authorityText, factLine, principalText, runText } from './run-facts.ts';
import { type Style, styleOf } from './style.ts';
import { DEFAULT_COLUMNS, type RenderOptions } from './tree.ts';

const INDENT = '  ';
/** Deeper links keep this indent: a long chain must not push its own text off the line. */
const MOST_INDENTS = 12;

/** Who caused this: the sentence, then what it rests on, and what it does not. Ends with a line end. */
export const renderWho = (
  { sentence, principal, run, authority, action, chain, witnesses, missing }: WhoAnswer,
  { columns = DEFAULT_COLUMNS, colours = false }: RenderOptions = {},
): string => {
  const style = styleOf(colours);
  const fact = (label: string, text: string): string => factLine(label, text, style);
  const lines = [
    style.bold(plainText(sentence)),
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
    fact('actor', action.actor === undefined ? style.doubtful('not known') : plainText(action.actor)),
    fact('witnesses', witnessesText(witnesses, style)),
    ...missingLines(missing, style),
    '',
    style.dim('From the action up to its root:'),
    ...alignColumns(
      ACTION_COLUMNS,
      [actionHead(style), ...chain.map((link, at) => linkRow(link, at, chain[at - 1], style))],
      columns,
    ),
  ];
  return `${lines.join('\n')}\n`;
};

const linkRow = (link: ChainLink, depth: number, effect: ChainLink | undefined, style: Style) => {
  const lead =
    effect === undefined
      ? ''
      : `${INDENT.repeat(Math.min(depth, MOST_INDENTS))}← ${plainText(effect.causedBy ?? 'call')}: `;
  return actionRow(lead, link.action, link.run, style);
};

const witnessesText = (witnesses: WhoAnswer['witnesses'], style: Style): string =>
  witnesses.length === 0
    ? style.doubtful('none')
    : witnesses
        .map((each) => (typeof each === 'string' ? { witness: each } : each))
        .map(({ witness, actor, detail }) =>
          [
            plainText(witness),
            ...(actor === undefined ? [] : [`(${plainText(actor)})`]),
            ...(detail === undefined ? [] : [`– ${plainText(detail)}`]),
          ].join(' '),
        )
        .join(', ');

const missingLines = (missing: WhoAnswer['missing'], style: Style): string[] =>
  missing.length === 0
    ? [factLine('missing', 'nothing', style)]
    : missing.map(({ code, detail }, at) =>
        factLine(
          at === 0 ? 'missing' : '',
          `${style.doubtful(plainText(code))}: ${plainText(detail)}`,
          style,
        ),
      );
