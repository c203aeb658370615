import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { DeclaredList } from './declared-list.ts';

const directory = mkdtempSync(join(tmpdir(), 'whence-declared-'));
const path = join(directory, 'declared.json');
afterAll(() => rmSync(directory, { recursive: true }));

const entry = {
  tenant: 'default',
  kind: 'key',
  entryId: 'key:a',
  pattern: false,
  actor: 'k8s://prod/a',
  issuer: 'example.com',
  subject: 'a',
  fingerprint: 'ab',
  issuedAtMillis: 1,
  rotateAfterMillis: 0,
  duties: ['sends'],
} as const;

it('has what was written last', () => {
  const list = new DeclaredList(path);
  expect(list.read()).toEqual([]);
  list.write([entry, { ...entry, entryId: 'key:b' }]);
  list.write([entry]);
  expect(new DeclaredList(path).read()).toEqual([entry]);
});

it.each(['', '{', '[null, 1, "x", {}]', 'null', '{}', JSON.stringify([{ ...entry, duties: {} }])])(
  'is empty where the file is %j',
  (text) => {
    writeFileSync(path, text);
    expect(new DeclaredList(path).read()).toEqual([]);
  },
);
