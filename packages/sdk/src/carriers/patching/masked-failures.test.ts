import { describe, expect, it } from 'vitest';
import { failureText } from './masked-failures.ts';

describe('failureText', () => {
  it.each([
    ['relation "hunter" does not exist', 'relation ? does not exist'],
    ["Duplicate entry 'hunter' for key 'accounts.email'", 'Duplicate entry ?'],
    ["You have an error near 'IDENTIFIED BY 'hunter'' at line 1", 'You have an error near ? at line 1'],
    [
      'E11000 duplicate key error index: _id_ dup key: { _id: 4711 }',
      'E11000 duplicate key error index: _id_ dup key: ?',
    ],
    ["ERR unknown command 'FOO', with args beginning with: 'hunter' ", 'ERR unknown command ? '],
    ['division by zero', 'division by zero'],
  ])('%s is recorded as %s', (message, recorded) => {
    expect(failureText(message)).toBe(recorded);
  });

  it('is bounded', () => {
    expect(failureText("x'".repeat(100_000)).length).toBeLessThanOrEqual(1000);
    expect(failureText(`Duplicate entry '${'hunter'.repeat(1000)}' for key`)).toBe('Duplicate entry ?');
  });
});
