import type { RunTree, TreeNode, TreeTotals } from '@whence/query';
import { ACTION_COLUMNS, actionHead, actionRow, edgeText, remarkRow } from './action-row.ts';
import { alignColumns, type Cell } from './columns.ts';
import { plainText } from './plain-text.ts';
import { authorityText, factLine, missingLines, principalText, runText } from './run-facts.ts';
import { type Style, styleOf } from './style.ts';

export interface RenderOptions {
  /** Cells of a line. Default: 120. */
  readonly columns?: number | undefined;
  /** Default: none. */
  readonly colours?: boolean;
}

export const DEFAULT_COLUMNS = 120;

/** The fan-out of a run: what is known of the run, then every action below what caused it. Ends with a line end. */
export const renderTree = (
  { run, roots, totals, truncated, missing }: RunTree,
  { columns = DEFAULT_COLUMNS, colours = false }: RenderOptions = {},
): string => {
  const style = styleOf(colours);
  const lines = [
    factLine('run', runText(run, style), style),
    factLine('', run.id, style),
    factLine('principal', principalText(run.principal, run.assurance, style), style),
    ...(run.authority === undefined ? [] : [factLine('authority', authorityText(run.authority), style)]),
    ...(run.actor === undefined ? [] : [factLine('actor', plainText(run.actor), style)]),
    ...(run.message === undefined ? [] : [factLine('message', plainText(run.message), style)]),
    '',
    ...alignColumns(ACTION_COLUMNS, [actionHead(style), ...rowsOf(roots, style)], columns),
    '',
    totalsText(totals),
    ...(missing.length === 0 ? [] : missingLines(missing, style)),
    ...(truncated
      ? [
          style.doubtful(
            'There is more below this run than is shown here: --limit shows more, --trace and --span a branch.',
          ),
        ]
      : []),
  ];
  return `${lines.join('\n')}\n`;
};

/** Levels drawn by indentation; deeper ones say their depth, so that they keep room for their text. */
const MOST_LEVELS = 12;

/** Iterative: a chain of calls may be deeper than the stack. A call needs no word: most edges are calls. */
const rowsOf = (roots: readonly TreeNode[], style: Style): Cell[][] => {
  const rows: Cell[][] = [];
  const open = roots.map((node) => ({ node, depth: 0, lead: '', below: '' })).reverse();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, depth, lead, below } = next;
    const edge = depth === 0 || node.causedBy === 'call' ? '' : `${edgeText(node.causedBy)} → `;
    rows.push(actionRow(`${lead}${edge}`, node.action, node.run, style));
    if (node.omitted) rows.push(remarkRow(`${below}… ${counted(node.omitted, 'more action')} below`, style));
    const deep = depth >= MOST_LEVELS;
    for (let at = node.children.length - 1; at >= 0; at--) {
      const last = at === node.children.length - 1;
      open.push({
        node: node.children[at]!,
        depth: depth + 1,
        lead: `${below}${last ? '└─ ' : '├─ '}${deep ? `(${depth + 1}) ` : ''}`,
        below: deep ? below : `${below}${last ? '   ' : '│  '}`,
      });
    }
  }
  return rows;
};

const totalsText = ({ actions, errors, runs, services }: TreeTotals): string =>
  [
    counted(actions, 'action'),
    counted(services, 'service'),
    counted(runs, 'run'),
    counted(errors, 'error'),
  ].join(', ');

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
