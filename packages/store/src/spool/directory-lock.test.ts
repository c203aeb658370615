import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockDirectory } from './directory-lock.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'whence-lock-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('is taken once, and given back', () => {
  const lock = lockDirectory(directory, 'the first');
  expect(() => lockDirectory(directory, 'the second')).toThrowError(
    expect.objectContaining({
      code: 'directory_in_use',
      message: expect.stringMatching(new RegExp(`in use by the first \\(pid ${process.pid}\\)`)),
    }),
  );
  lock.release();
  lockDirectory(directory, 'the second').release();
});

it.each([
  ['a process that is gone', JSON.stringify({ pid: 2 ** 22 - 1, startTicks: '1', what: 'x' })],
  ['another process under the same pid', JSON.stringify({ pid: process.pid, startTicks: '1', what: 'x' })],
  ['nobody that can be read', 'rubbish'],
  ['nobody, cut off', ''],
])('is taken over from %s', (_who, content) => {
  writeFileSync(join(directory, 'owner.lock'), content);
  lockDirectory(directory, 'us').release();
});

it('creates the directory', () => {
  const nested = join(directory, 'a', 'b');
  lockDirectory(nested, 'us').release();
  expect(existsSync(nested)).toBe(true);
});

it('names a directory that cannot be', () => {
  writeFileSync(join(directory, 'file'), '');
  expect(() => lockDirectory(join(directory, 'file', 'x'), 'us')).toThrowError(
    expect.objectContaining({ code: 'directory_unusable', message: expect.stringContaining(directory) }),
  );
});
