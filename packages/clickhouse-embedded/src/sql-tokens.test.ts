import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quoteName, quoteString } from './sql-literal.ts';
import { isMark, isWord, tokenize } from './sql-tokens.ts';

const texts = (sql: string): string[] => tokenize(sql).tokens.map(({ kind, text }) => `${kind[0]}:${text}`);

test.each<[string, string[]]>([
  ["SELECT a.b, 'x' FROM `t`", ['w:SELECT', 'w:a', 'p:.', 'w:b', 'p:,', 's:x', 'w:FROM', 'q:t']],
  ["'it''s' 'it\\'s' 'a\\\\'", ["s:it's", "s:it's", 's:a\\']],
  [
    '"a""b" `c``d` “e” ‘f’'.replace(/[“”‘’]/g, (q) => Buffer.from(q).toString('latin1')),
    ['q:a"b', 'q:c`d', 'q:e', 's:f'],
  ],
  ['1 -- two\n3 # four\n5 #! six\n7', ['w:1', 'w:3', 'w:5', 'w:7']],
  ['1 /* a /* nested */ b */ 2', ['w:1', 'w:2']],
  ["$$ a'b $$ $tag$ $$ $tag$", ["s: a'b ", 's: $$ ']],
  ["x'ff' 1.5e3 #5", ['w:x', 's:ff', 'w:1', 'p:.', 'w:5e3', 'p:#', 'w:5']],
])('%s', (sql, expected) => {
  expect(texts(sql)).toEqual(expected);
});

test.each(["'open", '"open', '`open', '/* open', '/* /* */', "SELECT '\\'"])('%s is not closed', (sql) => {
  expect(tokenize(sql).closed).toBe(false);
});

const sqlish = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "'",
        '"',
        '`',
        '\\',
        '/*',
        '*/',
        '--',
        '\n',
        '$$',
        '$',
        '#',
        ';',
        '(',
        ' ',
        'FROM',
        '\xe2\x80\x9c',
      ),
      fc.string({ unit: 'binary' }),
    ),
  )
  .map((parts) => Buffer.from(parts.join('')).toString('latin1'));

test('whatever it is given, it ends, and every token is where it says', () => {
  fc.assert(
    fc.property(sqlish, (sql) => {
      let end = 0;
      for (const token of tokenize(sql).tokens) {
        expect(token.start).toBeGreaterThanOrEqual(end);
        expect(token.end).toBeGreaterThan(token.start);
        if (token.kind === 'word') expect(sql.slice(token.start, token.end)).toBe(token.text);
        end = token.end;
      }
      expect(end).toBeLessThanOrEqual(sql.length);
    }),
  );
});

test('a quoted value is one token, whatever is in it, and keeps what follows out', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const bytes = Buffer.from(value).toString('latin1');
      const { tokens } = tokenize(`${quoteString(bytes)} ${quoteName(bytes)} end`);
      expect(tokens.map((token) => token.text)).toEqual([bytes, bytes, 'end']);
    }),
  );
});

test('words are known whatever their case, and only when unquoted', () => {
  const { tokens } = tokenize('select `select` (');
  expect([isWord(tokens[0], 'SELECT'), isWord(tokens[1], 'SELECT'), isMark(tokens[2], '(')]).toEqual([
    true,
    false,
    true,
  ]);
  expect(isWord(undefined, 'SELECT')).toBe(false);
});
