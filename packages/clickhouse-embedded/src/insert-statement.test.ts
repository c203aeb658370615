import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readInsert } from './insert-statement.ts';
import { readStatement } from './statement-source.ts';

function read(sql: string) {
  const reading = readInsert(sql, true);
  if (reading.status !== 'insert') return reading.status;
  const { target, settings, format, dataStart } = reading.insert;
  return { target, settings, format, data: sql.slice(dataStart) };
}

describe('where rows begin', () => {
  test.each([
    ['INSERT INTO t FORMAT CSV\n1,2', { target: 'INSERT INTO t', settings: [], format: 'CSV', data: '1,2' }],
    ['insert into t format CSV 1,2', { target: 'insert into t', settings: [], format: 'CSV', data: '1,2' }],
    [
      'INSERT INTO t FORMAT CSV \t\r\n\n1',
      { target: 'INSERT INTO t', settings: [], format: 'CSV', data: '\n1' },
    ],
    ['INSERT INTO t FORMAT CSV;\n1', { target: 'INSERT INTO t', settings: [], format: 'CSV', data: '1' }],
    ['INSERT INTO t VALUES (1)', { target: 'INSERT INTO t', settings: [], format: 'Values', data: '(1)' }],
    [
      'INSERT INTO t (a) VALUES(1)',
      { target: 'INSERT INTO t (a)', settings: [], format: 'Values', data: '(1)' },
    ],
    [
      'INSERT INTO db.`t values` (`format`, a) /* FORMAT X */ FORMAT TSV\nx',
      {
        target: 'INSERT INTO db.`t values` (`format`, a) /* FORMAT X */',
        settings: [],
        format: 'TSV',
        data: 'x',
      },
    ],
    [
      'INSERT INTO format VALUES (1)',
      { target: 'INSERT INTO format', settings: [], format: 'Values', data: '(1)' },
    ],
    [
      'INSERT INTO db.values FORMAT CSV 1',
      { target: 'INSERT INTO db.values', settings: [], format: 'CSV', data: '1' },
    ],
    [
      'INSERT INTO {t:Identifier} FORMAT CSV 1',
      { target: 'INSERT INTO {t:Identifier}', settings: [], format: 'CSV', data: '1' },
    ],
    [
      "INSERT INTO t SETTINGS a = 1, b = 'x' FORMAT CSV\n1",
      { target: 'INSERT INTO t', settings: ["a = 1, b = 'x'"], format: 'CSV', data: '1' },
    ],
    [
      "INSERT INTO t SETTINGS a=-1.5 FORMAT CSV SETTINGS b = [1, 'x'], c = true\n1",
      { target: 'INSERT INTO t', settings: ['a=-1.5', "b = [1, 'x'], c = true"], format: 'CSV', data: '1' },
    ],
    [
      'INSERT INTO t FORMAT CSV\nsettings,x\n',
      { target: 'INSERT INTO t', settings: [], format: 'CSV', data: 'settings,x\n' },
    ],
    ['INSERT INTO t (a, b)', { target: 'INSERT INTO t (a, b)', settings: [], format: undefined, data: '' }],
    [
      'INSERT INTO TABLE t VALUES',
      { target: 'INSERT INTO TABLE t', settings: [], format: 'Values', data: '' },
    ],
    [
      "-- hi\n/* INSERT */ INSERT INTO t VALUES ('; SELECT')",
      { target: '-- hi\n/* INSERT */ INSERT INTO t', settings: [], format: 'Values', data: "('; SELECT')" },
    ],
  ])('%s', (sql, expected) => {
    expect(read(sql)).toEqual(expected);
  });

  test.each([
    'SELECT 1',
    'INSERT INTO t SELECT 1',
    'INSERT INTO t (a) SELECT 1 FORMAT CSV',
    'INSERT INTO t (SELECT 1)',
    'INSERT INTO t WITH 1 AS x SELECT x',
    "INSERT INTO t FROM INFILE 'x' FORMAT CSV",
    '',
    '/* open',
    'WITH 1 AS x INSERT INTO t SELECT x',
  ])('%s has no rows', (sql) => {
    expect(read(sql)).toBe('other');
  });
});

test('rows come out the same, however the body is cut into pieces', async () => {
  const heads = [
    'INSERT INTO t FORMAT RowBinary\n',
    "/* ' */ INSERT INTO `a'b` (x, `y)`) SETTINGS s = 'a, b' FORMAT RowBinary SETTINGS t = 1\n",
    'INSERT INTO t VALUES\n',
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...heads),
      fc.uint8Array({ maxLength: 12_000 }),
      fc.array(fc.integer({ min: 1, max: 5_000 }), { maxLength: 8 }),
      async (head, rows, cuts) => {
        const body = Buffer.concat([Buffer.from(head), rows]);
        const statement = await readStatement('', pieces(body, cuts));
        expect(statement.form).toBe('insert');
        if (statement.form !== 'insert') return;
        const read: Uint8Array[] = [];
        for await (const piece of statement.rows) read.push(piece);
        expect(Buffer.concat(read).equals(rows)).toBe(true);
      },
    ),
    {
      examples: [
        [heads[1]!, Buffer.from('.'), []],
        [heads[1]!, Buffer.from(','), []],
      ],
    },
  );
});

async function* pieces(body: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (const cut of cuts) {
    if (at >= body.length) break;
    yield body.subarray(at, at + cut);
    at += cut;
  }
  if (at < body.length) yield body.subarray(at);
}

test('a statement cut at any byte is not decided too early', () => {
  const sql = "INSERT INTO `a'b` (x, `y)`) SETTINGS s = 'a, b' FORMAT RowBinary SETTINGS t = 1\n";
  for (let cut = 0; cut < sql.length; cut++) {
    expect(readInsert(sql.slice(0, cut), false).status, sql.slice(0, cut)).toBe('more');
  }
});

test('of a long insert no more is held than the statement needs', async () => {
  let asked = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      asked++;
      yield asked === 1 ? Buffer.from('INSERT INTO t FORMAT TSV\n') : Buffer.alloc(65_536, 'x');
    }
  }
  const statement = await readStatement('', endless());
  expect(statement.form).toBe('insert');
  expect(asked).toBeLessThanOrEqual(2);
});
