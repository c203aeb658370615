import { describe, expect, it } from 'vitest';
import { type AttributeDefinition, OTEL, WHENCE } from './attributes.ts';

const ours: readonly AttributeDefinition[] = Object.values(WHENCE);
const theirs: readonly AttributeDefinition[] = Object.values(OTEL);

describe('attributes', () => {
  it('have each key once', () => {
    const keys = [...ours, ...theirs].map(({ key }) => key);
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
  });

  it('are ours if and only if they begin with whence.', () => {
    for (const { key } of ours) expect(key).toMatch(/^whence(\.[a-z]+)+$/);
    for (const { key } of theirs) expect(key).toMatch(/^(?!whence)[a-z_]+(\.[a-z_]+)+$/);
  });

  it('each have a meaning and an example of their type', () => {
    for (const { key, type, example, says } of [...ours, ...theirs]) {
      expect(says, key).not.toBe('');
      expect(example, key).toMatch(type === 'int' ? /^\d+$/ : /./);
    }
  });
});
