import { readFileSync } from 'node:fs';
import { readSettings } from '@whence/identity';
import type { Mute } from '@whence/store';
import { z } from 'zod';
import { QueryError } from '../query-error.ts';
import { derivedId } from './finding-id.ts';
import { type FindingsFile, settingsSchemaOf } from './rule-settings.ts';
import { RULES, ruleByCode } from './rules.ts';

/** `*` for any characters. */
export const globText = z
  .string()
  .min(1, 'empty: leave it out instead')
  .max(500, 'longer than 500 characters')
  .refine((value) => !value.includes('\0'), 'holds a NUL character');

export const ruleGlob = globText.refine(
  (glob) => glob.includes('*') || ruleByCode.has(glob),
  `not a rule; there are ${RULES.map(({ code }) => code).join(', ')}`,
);

export const untilTime = z.iso.datetime({ offset: true, error: 'a time is RFC 3339: 2027-01-01T00:00:00Z' });

export const reasonText = z.string().trim().min(1, 'say why').max(1000, 'longer than 1000 characters');

const MUTE = z.strictObject({
  rule: ruleGlob.default('*'),
  principal: globText.default('*'),
  target: globText.default('*'),
  reason: reasonText,
  until: untilTime.optional(),
});

const FILE = z.strictObject({
  rules: z
    .strictObject(Object.fromEntries(RULES.map((rule) => [rule.code, settingsSchemaOf(rule).optional()])))
    .default({}),
  mutes: z.array(MUTE).max(200).default([]),
});

/** @throws QueryError `settings_invalid`, with every fault. */
export const openFindingsFile = (path: string): FindingsFile => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new QueryError('settings_invalid', `${path}: cannot be read`, { cause });
  }
  return readFindingsFile(text, path);
};

/** @throws QueryError `settings_invalid`, with every fault. */
export const readFindingsFile = (text: string, path: string): FindingsFile => {
  const { rules, mutes } = readYaml(FILE, text, path);
  return {
    rules: new Map(Object.entries(rules).flatMap(([code, set]) => (set === undefined ? [] : [[code, set]]))),
    mutes: mutes.map(
      ({ until, ...mute }): Mute => ({
        ...mute,
        id: derivedId('mute', path, mute.rule, mute.principal, mute.target, mute.reason),
        ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
        by: `file:${path}`,
        at: new Date(0).toISOString(),
      }),
    ),
  };
};

/** One YAML document. An empty one is `{}`. @throws QueryError `settings_invalid`, with every fault. */
export const readYaml = <Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  path: string,
): z.output<Schema> => {
  const read = readSettings(schema, text, {});
  if (read.status === 'read') return read.settings;
  throw new QueryError('settings_invalid', read.faults.map((fault) => `${path}: ${fault}`).join('\n'));
};
