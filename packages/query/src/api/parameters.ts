import { isRunId } from '@whence/model';
import { parseRfc3339 } from '@whence/store';
import { z } from 'zod';
import { QueryError } from '../query-error.ts';

/** What a parameter may be. Hex and UUIDs are read in either case and used in lower case. */
export const spanId = z
  .string()
  .regex(/^[0-9a-f]{16}$/i, 'a span id is 16 hex digits')
  .toLowerCase();

export const traceId = z
  .string()
  .regex(/^[0-9a-f]{32}$/i, 'a trace id is 32 hex digits')
  .toLowerCase();

export const runId = z
  .string()
  .toLowerCase()
  .refine(isRunId, 'a run id is a UUID, version 7: 8-4-4-4-12 hex digits');

/** Nanoseconds since the epoch. */
export const moment = z.string().transform((text, context) => {
  const nanos = parseRfc3339(text);
  if (nanos === undefined) context.addIssue('a time is RFC 3339, from 1900 to 2262: 2026-03-01T03:14:07Z');
  return nanos ?? z.NEVER;
});

const NANOS_PER_UNIT: Readonly<Record<string, bigint>> = {
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
};

/** Nanoseconds. */
export const duration = z.string().transform((text, context) => {
  const [, count, unit = ''] = /^(\d{1,6})(ms|s|m|h|d)$/.exec(text) ?? [];
  if (count === undefined) {
    context.addIssue('a duration is a whole number and ms, s, m, h or d: 90s');
    return z.NEVER;
  }
  return BigInt(count) * NANOS_PER_UNIT[unit]!;
});

export const yesOrNo = z.enum(['true', 'false'], 'true or false').transform((text) => text === 'true');

/** Free text, bound to a statement as a value. */
export const text = z
  .string()
  .min(1, 'empty: leave the parameter out instead')
  .max(1000, 'longer than 1000 characters')
  .refine((value) => !value.includes('\0'), 'holds a NUL character');

export const count = (from: number, to: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'not a whole number')
    .transform(Number)
    .refine((value) => value >= from && value <= to, `from ${from} to ${to}`);

/**
 * Reads the parameters of a request. One that is not known to the route is refused: an ignored filter would be a wrong
 * answer.
 *
 * @throws QueryError `bad_parameter`, with the first field at fault.
 */
export const readParameters = <Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  parameters: unknown,
): z.output<z.ZodObject<Shape>> => {
  const result = schema.strict().safeParse(parameters);
  if (result.success) return result.data as z.output<z.ZodObject<Shape>>;
  const [issue] = result.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const known = Object.keys(schema.shape);
    const there = known.length === 0 ? 'there are none' : `there are: ${known.join(', ')}`;
    throw badParameter(issue.keys[0] ?? '', `not a parameter here; ${there}`);
  }
  const field = String(issue?.path[0] ?? '');
  const twice = Array.isArray((parameters as Record<string, unknown>)[field]);
  throw badParameter(field, twice ? 'given more than once' : (issue?.message ?? 'malformed'));
};

/** @throws QueryError `bad_parameter`, with the path of the first field at fault. */
export const readBody = <Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> => {
  const result = schema.safeParse(body);
  if (result.success) {
    const half = halfCharacterIn(result.data);
    if (half === undefined) return result.data;
    throw badParameter(half, 'holds half of a character: a surrogate without its other');
  }
  const [issue] = result.error.issues;
  const path = issue?.path.map(String).join('.') ?? '';
  throw badParameter(path === '' ? 'body' : path, issue?.message ?? 'malformed');
};

/** Where a text is that JSON can hold and UTF-8 cannot. However deep: a body may be nested as far as it is long. */
const halfCharacterIn = (body: unknown): string | undefined => {
  const waiting: [where: string, value: unknown][] = [['body', body]];
  for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
    const [where, value] = each;
    if (typeof value === 'string' && !value.isWellFormed()) return where;
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, inner] of Object.entries(value)) {
      waiting.push([where === 'body' ? key : `${where}.${key}`, inner]);
    }
  }
  return undefined;
};

export const badParameter = (field: string, what: string): QueryError =>
  new QueryError('bad_parameter', `${field}: ${what}`, { field });
