/**
 * What may stand where a value is expected, as it is written in an address: with good escapes, or with what is meant to
 * be none. For tests.
 */

const escaped = encodeURIComponent;

const INJECTIONS = [
  "' OR 1=1 --",
  "\\' OR '1'='1",
  "'); DROP TABLE otel_traces; --",
  '" UNION ALL SELECT * FROM system.tables /*',
  '*/ 1 /*',
  '{x:String}',
  '{tenant:String}',
  '`',
  '\\',
  '_%\\%_',
  '\r\nx-injected: 1',
  '<script>alert(1)</script>',
  '\u2028🦆',
];

const ESCAPES = [
  ...['%00', 'a%00b', '%ED%A0%80', '%zz', '%', '%2', '%FF%FE', '%C0%AF', '%C3%28'],
  ...['..', '%2e%2e%2fetc', '+', '*', '__proto__'],
];

const LONG = [
  ...['x'.repeat(1001), 'x'.repeat(10_000), "'".repeat(8000)],
  ...['%25'.repeat(1000), '%F0%9F%A6%86'.repeat(500), '1'.repeat(10_000), '['.repeat(10_000)],
];

/** Longer than what a request may begin with: lists of 10,000, and worse. */
export const TOO_LONG = ['a,'.repeat(10_000), 'x'.repeat(100_000), '%00'.repeat(300_000)];

const LISTS = ['principal,'.repeat(1000), ',', '[1,2]', '{}', '{"a":"\\ud800"}', 'null'];

const IDS = [
  ...['a'.repeat(15), 'a'.repeat(17), 'a'.repeat(31), 'a'.repeat(33), 'g'.repeat(16), 'E'.repeat(16)],
  ...['0'.repeat(16), '0'.repeat(32), '6ba7b810-9dad-11d1-80b4-00c04fd430c8'],
  ...['00000000-0000-0000-0000-000000000000', '01989F3C-6B1D-7A53-8B8E-7C1F7F1F2A10', '{01989f3c}'],
];

export const BAD_TIMES = [
  ...['0000-01-01T00:00:00Z', '1026-03-01T00:00:00Z', '1900-01-01T00:00:00Z', '1969-12-31T23:59:59.9Z'],
  ...['2262-04-11T23:47:16Z', '3026-03-01T00:00:00Z', '9999-12-31T23:59:59.999999999Z'],
  ...['+275760-09-13T00:00:00Z', '2026-02-30T00:00:00Z', '2026-03-01', '2026-03-01T00:00:00', 'now'],
];

const NUMBERS = [
  ...['0', '-0', '-1', '1000000000', '2147483648', '9223372036854775808', '-9223372036854775809'],
  ...['1.5', '1e3', '1e999', 'NaN', 'Infinity', '-Infinity', '0x10', '%201', '%D9%A1', 'true'],
  ...['-1s', '0s', '999999d', '99999999999h', '1ns'],
];

/** Whatever is written as it is meant, in one: it is sent in place of every parameter that takes a text. */
export const ALL_INJECTIONS = escaped(INJECTIONS.join(' '));

export const BAD_VALUES: readonly string[] = [
  ...INJECTIONS.map(escaped),
  ...ESCAPES,
  ...LONG,
  ...LISTS.map((each) => (each.startsWith('{') ? escaped(each) : each)),
  ...IDS,
  ...BAD_TIMES.map(escaped),
  ...NUMBERS,
];
