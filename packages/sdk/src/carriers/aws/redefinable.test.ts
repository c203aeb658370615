import { describe, expect, it } from 'vitest';
import { redefinable } from './redefinable.ts';

describe('exports that can be redefined', () => {
  it('are the module’s own where they can be already', () => {
    const exported = { handler: () => 1 };
    expect(redefinable(exported)).toBe(exported);
  });

  it('are a copy, as live as they were, where a bundler made getters', () => {
    let value = 1;
    const exported = Object.defineProperty({}, 'handler', { get: () => value, enumerable: true });
    const copy = redefinable(exported) as { handler: number };
    value = 2;
    expect(copy.handler).toBe(2);
    expect(Object.keys(copy)).toEqual(['handler']);
    Object.defineProperty(copy, 'handler', { value: 3 });
    expect([copy.handler, (exported as typeof copy).handler]).toEqual([3, 2]);
  });

  it('are those of an ES module as they are', async () => {
    const namespace = await import('./redefinable.ts');
    expect(redefinable(namespace)).toBe(namespace);
  });
});
