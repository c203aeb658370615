import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { onRequiredFile } from './required-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'whence-required-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('sees the exports of each file of that name, and harms no host of one that it cannot read', async () => {
  const seen: unknown[] = [];
  onRequiredFile('/known.js', (exports) => seen.push((exports as { Known: unknown }).Known));
  const texts = {
    'known.js': 'exports.Known = 42;',
    'other.js': 'exports.Known = 43;',
    'un/known.js': 'module.exports = 44;',
    'odd/known.js': 'Object.defineProperty(exports, "Known", { get() { throw new Error("odd"); } });',
  };
  const require = createRequire(join(folder, 'host.js'));
  for (const [name, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
    require(`./${name}`);
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual([42]);
});
