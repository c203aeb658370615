import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const steps: (() => unknown)[] = [];

/** What a test file has put up is taken down after its last test, the last first. */
export const takeDown = (step: () => unknown): void => {
  steps.push(step);
};

afterAll(async () => {
  for (const step of steps.splice(0).reverse()) await step();
});

/** A directory of its own, gone after the last test of the file. */
export const temporaryDirectory = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'whence-test-'));
  takeDown(() => rmSync(path, { recursive: true, force: true }));
  return path;
};
