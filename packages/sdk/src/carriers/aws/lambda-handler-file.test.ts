import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { lambdaHandlerFile } from './lambda-handler-file.ts';

const root = mkdtempSync(join(tmpdir(), 'whence-lambda-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
mkdirSync(join(root, 'src/billing'), { recursive: true });
for (const file of ['index.mjs', 'both.js', 'both.mjs', 'src/billing/refund.cjs']) {
  writeFileSync(join(root, file), '');
}

describe('the module of a Lambda handler', () => {
  it.each([
    ['index.handler', 'index.mjs'],
    ['both.handler', 'both.js'],
    ['src/billing/refund.handler', 'src/billing/refund.cjs'],
    ['./src/billing/refund.handler', 'src/billing/refund.cjs'],
    ['index.nested.handler', 'index.mjs'],
  ])('of %s', (_HANDLER, file) => {
    expect(lambdaHandlerFile({ _HANDLER, LAMBDA_TASK_ROOT: root })).toBe(join(root, file));
  });

  it.each([
    [{}],
    [{ _HANDLER: 'index.handler' }],
    [{ LAMBDA_TASK_ROOT: root }],
    [{ _HANDLER: '', LAMBDA_TASK_ROOT: root }],
    [{ _HANDLER: 'missing.handler', LAMBDA_TASK_ROOT: root }],
  ])('is none in %j', (env) => {
    expect(lambdaHandlerFile(env)).toBeUndefined();
  });
});
