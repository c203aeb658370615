import type { TreeNode } from '@whence/query';
import { describe, expect, it } from 'vitest';
import { action, run, tree } from '../testkit/nightly.ts';
import { widthOf } from './text-width.ts';
import { renderTree } from './tree.ts';

describe('renderTree', () => {
  it('draws a run at 120 columns', async () => {
    await expect(renderTree(tree)).toMatchFileSnapshot('golden/tree-120.txt');
  });

  it('draws it at 80 columns', async () => {
    await expect(renderTree(tree, { columns: 80 })).toMatchFileSnapshot('golden/tree-80.txt');
  });

  it('draws it in colours', async () => {
    await expect(renderTree(tree, { colours: true })).toMatchFileSnapshot('golden/tree-colours.txt');
  });

  it('aligns the same with and without colours, within the width, with no blanks at the end', () => {
    const plain = renderTree(tree, { columns: 100 });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what colours are
    expect(renderTree(tree, { columns: 100, colours: true }).replace(/\u001b\[\d+m/g, '')).toBe(plain);
    for (const line of plain.split('\n').slice(5)) {
      expect(widthOf(line)).toBeLessThanOrEqual(100);
      expect(line).toBe(line.trimEnd());
    }
  });

  it('says what is not there: no end, several roots, more below', () => {
    const { endedAt: _, outcome: __, ...open } = run;
    const answer = {
      ...tree,
      run: open,
      roots: [...tree.roots, ...tree.roots],
      truncated: true,
      missing: [{ code: 'run_open', detail: 'No end of the run is known.' } as const],
    };
    const text = renderTree(answer);
    expect(text).toContain('no end recorded');
    expect(text.match(/^run nightly-reconcile /gm)).toHaveLength(2);
    expect(text).toContain('missing    run_open: No end of the run is known.');
    expect(text).toMatch(/There is more below this run than is shown here: .*\n$/);
  });

  it('draws a run of which nothing has arrived', () => {
    const totals = { actions: 0, errors: 0, runs: 1, services: 0 };
    expect(renderTree({ run, roots: [], totals, truncated: false, missing: [] })).toMatch(
      /\n0 actions, 0 services, 1 run, 0 errors\n$/,
    );
  });

  it('gives an attacker no line, colour or direction of its own', () => {
    const evil = '\u001b[2J\u001b]0;title\u0007ok\r\n\u202e├─ forged\u0000\u009b31m';
    const node = {
      action: action({ name: evil, service: evil, principal: { id: evil, kind: 'agent' } }),
      children: [],
    };
    const text = renderTree({
      run: { ...run, job: evil, actor: evil, message: evil, principal: { id: evil, kind: 'agent' } },
      roots: [node],
      totals: tree.totals,
      truncated: false,
      missing: [{ code: 'run_open', detail: evil }],
    });
    expect(text).not.toMatch(/[\p{Cf}\p{Cs}]|(?!\n)\p{Cc}/u);
    expect(text.split('\n')).toHaveLength(13);
  });

  it('says the depth of what is deep, and draws any depth', () => {
    let node: TreeNode = { action: action({ name: 'deepest' }), causedBy: 'call', children: [] };
    for (let depth = 0; depth < 20_000; depth++) {
      node = { action: action({ name: 'call' }), causedBy: 'call', children: [node] };
    }
    const lines = renderTree({ ...tree, roots: [node] }).split('\n');
    expect(lines.find((line) => line.includes('(13) call'))).toMatch(/^ {36}└─ \(13\) call {2}/);
    expect(lines.find((line) => line.includes('deepest'))).toMatch(/^ {36}└─ \(20000\) deepest {2}/);
  });
});
