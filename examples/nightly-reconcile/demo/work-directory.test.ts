import { mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createWorkDirectory } from './work-directory.ts';

let temporary: string;

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'work-directory-'));
  vi.stubEnv('TMPDIR', temporary);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(temporary, { recursive: true });
});

const make = async (name: string, ageMillis: number): Promise<void> => {
  await mkdir(join(temporary, name, 'postgres'), { recursive: true });
  const then = new Date(Date.now() - ageMillis);
  await utimes(join(temporary, name), then, then);
};

test('what killed demos left behind is removed, and nothing else', async () => {
  await make('whence-demo-killed', 120_000);
  await make('whence-demo-starting', 100);
  await make('somebody-elses', 120_000);
  const beside = await createWorkDirectory();
  const longAgo = new Date(Date.now() - 120_000);
  await utimes(beside.path, longAgo, longAgo);

  const mine = await createWorkDirectory();
  const left = (await readdir(temporary)).map((name) => join(temporary, name));
  expect(left.toSorted()).toEqual(
    [
      beside.path,
      mine.path,
      join(temporary, 'somebody-elses'),
      join(temporary, 'whence-demo-starting'),
    ].toSorted(),
  );

  await Promise.all([beside.remove(), mine.remove()]);
  expect(await readdir(temporary)).toHaveLength(2);
});
