import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { BAD_TIMES } from './bad-values.fixture.ts';

/** Bodies that no route takes, and bodies with one field that some may. For tests. */

export interface Body {
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

const MEBIBYTES_10 = 10 * 1024 * 1024;
/** Short enough to be read at all. */
const DEEP = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

export const NO_BODIES: Readonly<Record<string, Body>> = {
  none: { body: '' },
  blank: { body: ' ' },
  null: { body: 'null' },
  'a list': { body: '[]' },
  'a number': { body: '1' },
  'a text': { body: '"x"' },
  'an object without fields': { body: '{}' },
  'an open object': { body: '{"reason":' },
  'no JSON': { body: "reason='x' OR 1=1" },
  'no UTF-8': { body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22]) },
  '100,000 brackets': { body: DEEP },
  '100,000 open brackets': { body: '['.repeat(100_000) },
  '100,000 brackets in a field': { body: `{"reason":${DEEP},"settings":{},"owner":"user:a"}` },
  'a field that is unknown': { body: '{"reason":"x","settings":{},"owner":"user:a","tenant":"other"}' },
  'the field __proto__': { body: '{"__proto__":{"reason":"x","owner":"user:a","settings":{}}}' },
  '10 MiB': { body: 'x'.repeat(MEBIBYTES_10) },
  '10 MiB of JSON': { body: JSON.stringify({ reason: 'x'.repeat(MEBIBYTES_10) }) },
  '10 MiB, squeezed': {
    body: gzipSync(JSON.stringify({ reason: 'x'.repeat(MEBIBYTES_10) })),
    headers: { 'content-encoding': 'gzip' },
  },
};

/** What may be said of a good body that it is not. */
export const WRONG_HEADERS: readonly Readonly<Record<string, string>>[] = [
  { 'content-encoding': 'gzip' },
  { 'content-encoding': 'br' },
  { 'content-encoding': 'deflate' },
  { 'content-encoding': 'gzip, gzip' },
  { 'content-encoding': 'x-unknown' },
  { 'content-type': 'application/json; charset=utf-16' },
  { 'content-type': 'application/json; charset=none-such' },
  { 'content-type': 'application/xml' },
  { 'content-type': 'multipart/form-data; boundary=x' },
  { 'content-type': ';;;=' },
];

const BAD_FIELDS: readonly string[] = [
  ...['null', 'true', '0', '-1', '1.5', '1e308', '1e999', '[]', '{}', '""', '"\\u0000"', '"a\\u0000b"'],
  ...['"\\ud800"', '"\\udc00\\ud800"', `"'); DROP TABLE runs; --"`, '"{x:String}"', '"\\\\"', '"\\r\\n"'],
  JSON.stringify('x'.repeat(10_000)),
  JSON.stringify('x'.repeat(100_000)),
  JSON.stringify('x'.repeat(1000)),
  JSON.stringify(Array.from({ length: 10_000 }, (_, at) => `x${at}`)),
  DEEP,
  ...BAD_TIMES.map((time) => JSON.stringify(time)),
];

/** The good body with every field of the schema, and every field within one, made bad in turn. */
export const bodiesLike = (good: object, schema: z.ZodType): readonly Body[] => {
  const named = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  const fields = [...new Set([...Object.keys(good), ...named])];
  return fields
    .flatMap((field) => {
      const within: unknown = Reflect.get(good, field);
      const own = BAD_FIELDS.map((bad) => withField(good, field, bad));
      return typeof within === 'object' && within !== null
        ? [
            ...own,
            ...Object.keys(within).flatMap((inner) =>
              BAD_FIELDS.map((bad) => withField(good, field, withField(within, inner, bad))),
            ),
          ]
        : own;
    })
    .map((body) => ({ body }));
};

const withField = (good: object, field: string, json: string): string => {
  const others = Object.entries(good).filter(([key]) => key !== field);
  return `{${[...others.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`), `${JSON.stringify(field)}:${json}`].join(',')}}`;
};
