import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import { RULES } from './rules.ts';

const PAGE = readFileSync(new URL('../../../../docs/findings.md', import.meta.url), 'utf8');
const ROWS = PAGE.split('\n').filter((line) => line.startsWith('|'));

test('docs/findings.md has a row for each rule, with its severity', () => {
  const rows = RULES.map(({ code }) => ROWS.find((row) => new RegExp(`^\\| \`${code}\``).test(row)) ?? code);
  expect(rows.map((row) => row.split('|')[2]?.trim().split(/[ ;]/)[0])).toEqual(
    RULES.map(({ severity }) => severity),
  );
});

test('and for each threshold, with its default', () => {
  const undocumented = RULES.flatMap(({ code, settings }) =>
    Object.entries(settings.shape)
      .filter(([name, schema]) => {
        const fallback: unknown = (schema as z.ZodType).parse(undefined);
        const shown = Array.isArray(fallback) ? 'none' : `\`${fallback}\``;
        return !ROWS.some((row) => row.startsWith(`| \`${name}\``) && row.split('|')[2]?.includes(shown));
      })
      .map(([name]) => `${code}.${name}`),
  );
  expect(undocumented).toEqual([]);
});
