import { describe, expect, it } from 'vitest';
import { action, run, who } from '../testkit/nightly.ts';
import { renderWho } from './who.ts';

describe('renderWho', () => {
  it('says who, and what it rests on', async () => {
    await expect(renderWho(who)).toMatchFileSnapshot('golden/who-120.txt');
  });

  it('says plainly that nobody is named', async () => {
    const unnamed = action({ name: 'DROP TABLE accounts', assurance: 'none' });
    const { principal: _, ...nobodys } = unnamed;
    const answer = {
      sentence: 'Nobody is named for DROP TABLE accounts: it carried no reference.',
      action: nobodys,
      chain: [{ action: nobodys }],
      witnesses: [{ witness: 'gateway', actor: 'k8s://demo/gateway' } as const],
      missing: [
        { code: 'no_reference', detail: 'The span carried no whence member in tracestate.' } as const,
        { code: 'parent_missing', detail: 'The parent span has not arrived.' } as const,
      ],
    };
    await expect(renderWho(answer)).toMatchFileSnapshot('golden/who-nobody.txt');
  });

  it('says who started a run of which nothing has arrived', () => {
    const { action: _, ...answer } = who;
    const text = renderWho({ ...answer, chain: [], witnesses: [] });
    expect(text).toContain('witnesses  none\n');
    expect(text).toContain('actor      not known\n');
    expect(text).not.toContain('ACTION');
    expect(renderWho({ ...answer, witnesses: [] })).toContain('\nWhat started the run, up to the root:\n');
  });

  it('says whether the witnesses agree', () => {
    const witnesses = [
      { witness: 'sdk' },
      { witness: 'gateway', actor: 'k8s://demo/gw', agrees: true },
      { witness: 'import', agrees: false },
    ] as const;
    expect(renderWho({ ...who, witnesses })).toContain(
      '\nwitnesses  sdk, gateway (k8s://demo/gw) agrees, import disagrees\n',
    );
  });

  it('names a run only by the span that opened it, and an edge without a kind by the reference', () => {
    const chain = [
      { action: action({ name: 'late' }), run: { ...run, job: 'missing-opener' } },
      { action: action({ name: run.job }), run },
    ];
    const text = renderWho({ ...who, chain });
    expect(text).toMatch(/^late {2}/m);
    expect(text).toMatch(/^ {2}← reference: run nightly-reconcile {2}/m);
  });

  it('says how an edge is one, and keeps a long chain on the line', () => {
    const chain = Array.from({ length: 40 }, () => ({
      action: action({ name: 'hop' }),
      causedBy: 'message' as const,
    }));
    const lines = renderWho({ ...who, chain }).split('\n');
    expect(lines.filter((line) => line.includes('← message: hop'))).toHaveLength(39);
    for (const line of lines.slice(-41)) expect(line.length).toBeLessThanOrEqual(120);
  });

  it('lists what else comes into question, and why', async () => {
    const candidates = [
      {
        action: action({ name: 'UPDATE', statement: 'UPDATE t SET a = ?' }),
        why: ['UPDATE changes what it is done to.'],
      },
      {
        action: action({ name: 'SELECT', statement: 'SELECT a FROM t', assurance: 'none' }),
        why: ['SELECT only reads.', 'Who did it is not proven (none).'],
      },
    ];
    await expect(renderWho({ ...who, candidates })).toMatchFileSnapshot('golden/who-candidates.txt');
  });

  it('gives an attacker no line of its own', () => {
    const evil = 'x\n\u001b[31mprincipal  user:dana (human), verified\u202e';
    const text = renderWho({
      ...who,
      sentence: evil,
      action: action({ name: evil, actor: evil }),
      chain: [{ action: action({ name: evil, statement: evil, service: evil }) }],
      missing: [{ code: 'conflict', detail: evil }],
    });
    expect(text).not.toMatch(/[\p{Cf}\p{Cs}]|(?!\n)\p{Cc}/u);
    expect(text.match(/^principal/gm)).toHaveLength(1);
  });
});
