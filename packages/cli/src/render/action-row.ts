import type { Action, CauseKind, Run } from '@whence/model';
import type { Cell, Column } from './columns.ts';
import { durationText } from './duration.ts';
import { plainText } from './plain-text.ts';
import { type Style, styleOfAssurance } from './style.ts';

/** One line per action, in the tree and in the chain. */
export const ACTION_COLUMNS: readonly Column[] = [
  { head: 'ACTION' },
  { head: 'SERVICE', most: 16 },
  { head: 'PRINCIPAL', most: 26, cut: 'middle' },
  { head: 'ASSURANCE', most: 9 },
  { head: 'TIME', most: 11, align: 'right' },
  { head: 'OUTCOME', most: 7 },
];

export const actionHead = (style: Style): Cell[] =>
  ACTION_COLUMNS.map(({ head }) => ({ text: head, paint: style.dim }));

/** @param lead what stands before the command: the lines of the tree @param opens the run that this action's span opens */
export const actionRow = (lead: string, action: Action, opens: Run | undefined, style: Style): Cell[] => [
  { text: `${lead}${commandOf(action, opens)}`, ...(opens === undefined ? {} : { paint: style.bold }) },
  { text: plainText(action.service ?? '') },
  { text: plainText(action.principal?.id ?? ''), paint: style.dim },
  { text: action.assurance, paint: styleOfAssurance(style, action.assurance) },
  { text: durationText(action.durationNanos), paint: style.dim },
  { text: action.status === 'error' ? 'error' : 'ok', paint: action.status === 'error' ? style.bad : asIs },
];

/** A span that opens a run stands for the run; any other for its statement, or its name where there is none. */
const commandOf = (action: Action, opens: Run | undefined): string =>
  opens === undefined ? plainText(action.statement ?? action.name) : `run ${plainText(opens.job)}`;

/** A line that stands for no action. */
export const remarkRow = (text: string, style: Style): Cell[] =>
  ACTION_COLUMNS.map((_, at) => (at === 0 ? { text, paint: style.dim } : { text: '' }));

/** How an action came of its cause. Without a kind, nothing but the run's reference joins the two. */
export const edgeText = (kind: CauseKind | undefined): string => plainText(kind ?? 'reference');

const asIs = (text: string): string => text;
