import { describe, expect, it } from 'vitest';
import { CodedError, isCoded } from './coded-error.ts';

describe('CodedError', () => {
  it('is known by its code, and keeps its cause', () => {
    const cause = new Error('below');
    const error: unknown = new CodedError('spool_full', 'the spool is full', { cause });
    expect(isCoded(error, 'spool_full')).toBe(true);
    expect(isCoded(error, 'other')).toBe(false);
    expect(error).toMatchObject({
      name: 'CodedError',
      code: 'spool_full',
      message: 'the spool is full',
      cause,
    });
  });

  it('is not any object with a code', () => {
    expect(isCoded(Object.assign(new Error('x'), { code: 'ENOENT' }), 'ENOENT')).toBe(false);
    expect(isCoded(undefined, 'x')).toBe(false);
  });
});
