import { SPAN_KINDS, type SpanKind } from '@whence/model';
import { parseRfc3339 } from '@whence/store';
import { z } from 'zod';
import { readDuration } from './duration.ts';
import { readTraceId } from './trace-id.ts';

/** What parameters of Jaeger's addresses may be. */

export const anyTraceId = z
  .string()
  .transform((text, context) => {
    const id = readTraceId(text);
    if (id === undefined) context.addIssue('a trace id is 1 to 32 hex digits, or base64 of 8 or 16 bytes');
    return id ?? z.NEVER;
  })
  .describe('1 to 32 hex digits.');

export const duration = z
  .string()
  .transform((text, context) => {
    const nanos = readDuration(text);
    if (nanos === undefined) context.addIssue('a duration is a number and a unit: 1.2s, 100ms, 250us');
    return nanos ?? z.NEVER;
  })
  .describe('Units are ns, us, ms, s, m, h.');

/** What the store can hold: moments before and after it are as good as its first and last. */
const EARLIEST = -2_208_988_800_000_000_000n;
const LATEST = 9_223_372_036_000_000_000n;

export const withinStore = (nanos: bigint): bigint =>
  nanos < EARLIEST ? EARLIEST : nanos > LATEST ? LATEST : nanos;

/** A count of units since the epoch, as nanoseconds. */
export const sinceEpoch = (nanosPerUnit: bigint, unit: string) =>
  z
    .string()
    .regex(/^-?\d{1,19}$/, `not a whole number of ${unit} since the epoch`)
    .transform((digits) => withinStore(BigInt(digits) * nanosPerUnit))
    .describe(`${unit} since the epoch.`);

export const micros = sinceEpoch(1_000n, 'microseconds');
export const millis = sinceEpoch(1_000_000n, 'milliseconds');

const RFC3339_YEAR = /^(\d{4})-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
const FIRST_YEAR = 1900;

/** Clients that send `+01:00` unescaped send a blank. */
export const rfc3339 = z
  .string()
  .transform((given, context) => {
    const text = given.replace(/ (?=\d{2}:\d{2}$)/, '+');
    const nanos = parseRfc3339(text);
    if (nanos !== undefined) return nanos;
    const year = RFC3339_YEAR.exec(text)?.[1];
    if (year === undefined || (Number(year) > FIRST_YEAR && Number(year) < 2262)) {
      context.addIssue('a time is RFC 3339: 2026-03-01T03:14:07Z');
      return z.NEVER;
    }
    return Number(year) <= FIRST_YEAR ? EARLIEST : LATEST;
  })
  .describe('RFC 3339.');

export const name = z
  .string()
  .max(1000, 'longer than 1000 characters')
  .refine((value) => !value.includes('\0'), 'holds a NUL character');

const TAGS_MAX = 20;

/** `{"http.method":"POST","error":"true"}`: every value as text. */
export const tagsJson = z
  .string()
  .max(10_000, 'longer than 10,000 characters')
  .transform((text, context): readonly (readonly [string, string])[] => {
    const tags = parsed(text);
    if (tags === undefined) {
      context.addIssue('a JSON object of texts: {"http.method":"POST"}');
      return z.NEVER;
    }
    if (tags.length > TAGS_MAX) context.addIssue(`more than ${TAGS_MAX} tags`);
    return tags;
  })
  .describe('A JSON object; all of them must be met by one span.');

const parsed = (text: string): readonly (readonly [string, string])[] | undefined => {
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read !== 'object' || read === null || Array.isArray(read)) return undefined;
    const entries = Object.entries(read);
    if (entries.some(([key, value]) => typeof value === 'object' || key.includes('\0'))) return undefined;
    const tags = entries.map(([key, value]) => [key, String(value)] as const);
    return tags.some(([, value]) => value.includes('\0')) ? undefined : tags;
  } catch {
    return undefined;
  }
};

/** Read, and without meaning here: it changes how Jaeger lays out or adjusts what it answers. */
export const idle = z.string().optional().describe('Taken, and without effect.');

export const spanKind = z
  .string()
  .transform((text, context): SpanKind => {
    const word = text.toLowerCase().replace(/^span_kind_/, '');
    const kind = SPAN_KINDS.find((known) => known === word);
    if (kind === undefined) context.addIssue(`one of ${SPAN_KINDS.join(', ')}`);
    return kind ?? z.NEVER;
  })
  .describe(SPAN_KINDS.join(', '));
