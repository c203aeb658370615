import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StatementScanner } from './statement-scanner.ts';
import { type SqlDialect, statementText, statementWithValues } from './statement-text.ts';

const DIALECTS: readonly SqlDialect[] = ['postgresql', 'mysql', 'unknown'];

describe.each<[SqlDialect, [string, string][]]>([
  [
    'postgresql',
    [
      ['SELECT * FROM accounts WHERE id = $1', 'SELECT * FROM accounts WHERE id = $1'],
      ['SELECT a1, t2.b FROM t2 LIMIT 10 OFFSET 0x1F', 'SELECT a1, t2.b FROM t2 LIMIT ? OFFSET ?'],
      ["UPDATE t SET a = 'it''s', b = 1.5, c = -2", 'UPDATE t SET a = ?, b = ?, c = -?'],
      ["SELECT 'C:\\', 'x'", 'SELECT ?, ?'],
      ["SELECT E'it\\'s', e'x', name'x'", 'SELECT E?, e?, name?'],
      ["SELECT x'1F', B'01', U&'\\0061'", 'SELECT x?, B?, U&?'],
      ['SELECT $$it\'s$$, $a$ $$ "$a$, $1', 'SELECT ?, ?, $1'],
      ['SELECT "User"."it\'s" FROM "a""b"', 'SELECT "User"."it\'s" FROM "a""b"'],
      ["SELECT a /* '/* x */' */ FROM t -- it's", 'SELECT a  FROM t '],
      ['SELECT/*x*/a', 'SELECT a'],
      ["SELECT a #> '{b}', a ? 'b', a->>'c', 5 - -3", 'SELECT a #> ?, a ? ?, a->>?, ? - -?'],
      ['SELECT a::int4, :name, arr[1:2]', 'SELECT a::int4, :name, arr[?:?]'],
      ["SELECT 'never closed", 'SELECT ?'],
      ['SELECT "never closed', 'SELECT ?'],
      ['SELECT $x$ never closed', 'SELECT ?'],
      ['SELECT /* never closed', 'SELECT '],
      ['SELECT `', 'SELECT `'],
      ["SELECT tëst FROM größe WHERE ä = 'ü'", 'SELECT tëst FROM größe WHERE ä = ?'],
    ],
  ],
  [
    'mysql',
    [
      ['SELECT * FROM `it\'s` WHERE a = ? AND b = "x""y"', "SELECT * FROM `it's` WHERE a = ? AND b = ?"],
      ["SELECT 'it\\'s', 'x\\\\', 'y'", 'SELECT ?, ?, ?'],
      ['SELECT "it\\"s", "y"', 'SELECT ?, ?'],
      ["SELECT _utf8mb4'x', N'y', a$$b, @v, 1e3", 'SELECT _utf8mb4?, N?, a$$b, @v, ?'],
      ["SELECT 1 # it's\n, 2 -- it's\n, 5--3", 'SELECT ? \n, ? \n, ?--?'],
      ["SELECT /* a /* b */ 'c' */", 'SELECT  ? */'],
      ["SELECT /*!50001 SQL_NO_CACHE 'x' */ 1", 'SELECT /*!? SQL_NO_CACHE ? */ ?'],
      ['SELECT `never closed', 'SELECT ?'],
    ],
  ],
  [
    'unknown',
    [
      [
        'SELECT `a`, $1, :b FROM t WHERE c = \'x\' AND d = "y"',
        'SELECT `a`, $1, :b FROM t WHERE c = ? AND d = ?',
      ],
      ["SELECT 'C:\\', secret", 'SELECT ?'],
      ['SELECT a # b', 'SELECT a '],
      ['SELECT a --b\n, c', 'SELECT a '],
      ['SELECT a -- b\n, c', 'SELECT a \n, c'],
      ['SELECT /* /* */ a */', 'SELECT '],
      ['SELECT $$a$$, b', 'SELECT ?'],
      ["SELECT `a'b`, c", 'SELECT ?'],
      ['send notify', 'send notify'],
    ],
  ],
])('a statement of %s', (dialect, cases) => {
  it.each(cases)('%s is recorded as %s', (text, recorded) => {
    expect(statementText(text, dialect)).toBe(recorded);
  });
});

describe('any statement', () => {
  const SECRET = 'hunter';
  const inside = fc
    .array(
      fc.constantFrom(SECRET, ' ', '"', '`', '--', '/*', '$$', '$t$', '#', '\n', 'é', '7', '\\\\', ';'),
      {
        maxLength: 8,
      },
    )
    .map((parts) => `${parts.join('')}${SECRET}`);
  const doubled = (quote: string) =>
    inside.map((text) => `${quote}${text.replaceAll(quote, quote + quote)}${quote}`);
  const common = [doubled("'"), fc.nat().map((n) => `${n}`), fc.nat().map((n) => `0x${n.toString(16)}`)];
  const literals: Record<SqlDialect, fc.Arbitrary<string>> = {
    postgresql: fc.oneof(
      ...common,
      inside.map((text) => `E'${text.replaceAll("'", "\\'")}\\''`),
      inside.filter((text) => !text.includes('$q')).map((text) => `$q$${text}$q$`),
      inside.map((text) => `/* ${text.replaceAll('/*', '')}*/`),
      inside.map((text) => `--${text.replaceAll('\n', '')}\n`),
    ),
    mysql: fc.oneof(
      ...common,
      doubled('"'),
      inside.map((text) => `'${text}\\''`),
      inside.map((text) => `/* ${text.replaceAll('/*', '')}*/`),
      inside.map((text) => `#${text.replaceAll('\n', '')}\n`),
    ),
    unknown: fc.oneof(
      ...common,
      doubled('"'),
      inside.map((text) => `E'${text}\\''`),
      inside.map((text) => `'${text}\\''`),
      inside.map((text) => `$q$${text}$q$`),
      inside.map((text) => `#${text.replaceAll('\n', '')}\n`),
    ),
  };
  const between = fc.constantFrom(
    ' ',
    ',',
    '(',
    ')',
    '=',
    ' a ',
    ' $1 ',
    ' ? ',
    '::int4 ',
    ' - ',
    '.',
    ' E ',
  );
  const statements = (dialect: SqlDialect): fc.Arbitrary<string> =>
    fc
      .array(fc.tuple(between, literals[dialect]), { maxLength: 6 })
      .map((parts) => `SELECT ${parts.flat().join('')} FROM t`);

  it.each(DIALECTS)('of %s lets nothing of a literal or a comment through', (dialect) => {
    fc.assert(
      fc.property(statements(dialect), (text) => {
        expect(statementText(text, dialect)).not.toMatch(new RegExp(`${SECRET}|\\d{3}`));
      }),
      { numRuns: 2000 },
    );
  });

  const anything = fc.oneof(
    fc.string(),
    fc
      .array(
        fc.constantFrom(
          ...'\'"`$-/*#\\ \n\t?:.1aeE',
          '$$',
          '$t$',
          '--',
          '/*',
          '*/',
          '/*!',
          '$1',
          'SELECT',
          '…',
        ),
        { maxLength: 30 },
      )
      .map((parts) => parts.join('')),
  );

  it.each(DIALECTS)('of %s is masked once and for all', (dialect) => {
    fc.assert(
      fc.property(anything, (text) => {
        const masked = statementText(text, dialect);
        expect(statementText(masked, dialect)).toBe(masked);
      }),
      { numRuns: 5000 },
    );
  });

  it('keeps its fingerprint', () => {
    const scanner = new StatementScanner();
    const fingerprint = (text: string): string => {
      const bytes = Buffer.from(text);
      scanner.scan(bytes, 0, bytes.length);
      return `${scanner.hashHigh}.${scanner.hashLow}`;
    };
    const plain = fc.constantFrom(
      "'x'",
      '1.5',
      '$q$ y $q$',
      '$1',
      '/* z */',
      '-- z\n',
      '"A"',
      'b',
      ',',
      '(',
      ')',
    );
    fc.assert(
      fc.property(fc.array(plain, { maxLength: 12 }), (parts) => {
        const text = `SELECT ${parts.join(' ')} FROM t`;
        expect(fingerprint(statementText(text, 'postgresql'))).toBe(fingerprint(text));
      }),
    );
  });

  it('is bounded, also in the time that it takes', () => {
    for (const part of ["'", '"', '`', '$a', '$a$', '/*', '--', '#', '\\', "'\\", '1', 'a', 'E']) {
      for (const dialect of DIALECTS) {
        const started = process.cpuUsage().user;
        expect(statementText(part.repeat(300_000), dialect).length).toBeLessThanOrEqual(32_769);
        expect(process.cpuUsage(undefined).user - started).toBeLessThan(500_000);
      }
    }
  });
});

describe('with values kept', () => {
  it.each(["SELECT * FROM t WHERE a = 'x' /* why */", 'SELECT 1'])('%s is recorded as it is', (text) => {
    expect(statementWithValues(text, 'postgresql')).toBe(text);
  });

  it.each([
    "ALTER ROLE app WITH PASSWORD 'hunter2'",
    "create user app identified by 'hunter2'",
    "CREATE USER app IDENTIFIED WITH caching_sha2_password AS 'hunter2'",
    "SET PASSWORD FOR app = 'hunter2'",
    "SET PASSWORD = PASSWORD('hunter2')",
    "CHANGE MASTER TO MASTER_PASSWORD='hunter2'",
    "CREATE SUBSCRIPTION s CONNECTION 'host=db password=hunter2' PUBLICATION p",
    "CREATE USER MAPPING FOR u SERVER s OPTIONS (password 'hunter2')",
    "SELECT dblink_connect('host=db pass=hunter2')",
    "SELECT pgp_sym_decrypt(a, 'hunter2') FROM t",
    "SELECT AES_ENCRYPT('a', 'hunter2')",
    "INSERT INTO hooks VALUES ('https://me:hunter2@example.com')",
  ])('%s keeps no literal', (text) => {
    expect(statementWithValues(text, 'postgresql')).not.toContain('hunter2');
    expect(statementWithValues(text, 'mysql')).not.toContain('hunter2');
  });
});
