import { describe, expect, it } from 'vitest';
import { action, who } from '../testkit/nightly.ts';
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
      witnesses: [{ witness: 'gateway', actor: 'k8s://demo/gateway', detail: 'on the connection' } as const],
      missing: [
        { code: 'no_reference', detail: 'the span carried no whence member in tracestate' },
        { code: 'no_parent', detail: 'the parent span was never received' },
      ],
    };
    await expect(renderWho(answer)).toMatchFileSnapshot('golden/who-nobody.txt');
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

  it('gives an attacker no line of its own', () => {
    const evil = 'x\n\u001b[31mprincipal  user:dana (human), verified\u202e';
    const text = renderWho({
      ...who,
      sentence: evil,
      action: action({ name: evil, actor: evil }),
      chain: [{ action: action({ name: evil, statement: evil, service: evil }) }],
      missing: [{ code: evil, detail: evil }],
    });
    expect(text).not.toMatch(/[\p{Cf}\p{Cs}]|(?!\n)\p{Cc}/u);
    expect(text.match(/^principal/gm)).toHaveLength(1);
  });
});
