import { clickHouseError } from './clickhouse-error.ts';
import { isMark, isWord, type Token, tokenize } from './sql-tokens.ts';

/** What a statement does to the store, which decides the pool it runs in and whether a GET may carry it. */
export type StatementKind =
  /** `SELECT`, also behind `WITH`, `FROM` or a parenthesis: can be streamed. */
  | 'select'
  /** `SHOW`, `DESCRIBE`, `EXPLAIN`, `EXISTS`, `CHECK`: reads, with a small answer. */
  | 'describe'
  /** `INSERT … SELECT`: as slow as its query. */
  | 'insert-select'
  | 'kill'
  /** `SET` and `USE`: heard, checked and forgotten, since there are no sessions. */
  | 'session'
  /** Everything else: definitions, mutations, maintenance. */
  | 'change';

/** A statement that carries no rows. */
export interface QueryStatement {
  readonly kind: StatementKind;
  /** The statement as latin1, without a closing semicolon. */
  readonly text: string;
  /** Its `FORMAT` clause, if it has one. */
  readonly format: { readonly name: string; readonly start: number } | undefined;
  readonly tokens: readonly Token[];
}

const kindByVerb: Readonly<Record<string, StatementKind>> = {
  SELECT: 'select',
  FROM: 'select',
  SHOW: 'describe',
  DESCRIBE: 'describe',
  DESC: 'describe',
  EXPLAIN: 'describe',
  EXISTS: 'describe',
  CHECK: 'describe',
  INSERT: 'insert-select',
  KILL: 'kill',
  SET: 'session',
  USE: 'session',
};

/** @throws ClickHouseError SYNTAX_ERROR for an empty statement, and for more than one */
export function readQuery(sql: string): QueryStatement {
  const { tokens, closed } = tokenize(sql);
  const semicolon = tokens.findIndex((token) => isMark(token, ';'));
  const body = semicolon < 0 ? tokens : tokens.slice(0, semicolon);
  const extra = semicolon < 0 ? undefined : tokens.slice(semicolon).find((token) => !isMark(token, ';'));
  if (body.length === 0 && closed) throw clickHouseError('SYNTAX_ERROR', 'Syntax error: Empty query.');
  if (extra) {
    const position = (tokens[semicolon] as Token).start + 1;
    throw clickHouseError(
      'SYNTAX_ERROR',
      `Syntax error (Multi-statements are not allowed): failed at position ${position} (end of query).`,
    );
  }
  const end = closed ? (body.at(-1)?.end ?? 0) : sql.length;
  return { kind: kindOf(body), text: sql.slice(0, end), format: formatClause(body), tokens: body };
}

function kindOf(tokens: readonly Token[]): StatementKind {
  const first = tokens.find((token) => !isMark(token, '('));
  if (first?.kind !== 'word') return 'change';
  const verb = first.text.toUpperCase();
  if (verb !== 'WITH') return kindByVerb[verb] ?? 'change';
  let depth = 0;
  for (const token of tokens) {
    if (isMark(token, '(')) depth++;
    if (isMark(token, ')')) depth--;
    if (depth === 0 && isWord(token, 'INSERT')) return 'insert-select';
    if (depth === 0 && isWord(token, 'SELECT')) return 'select';
  }
  return 'select';
}

/** `FORMAT name` counts as the clause only where ClickHouse's grammar has it: last, or before `SETTINGS`. */
function formatClause(tokens: readonly Token[]): QueryStatement['format'] {
  for (let index = tokens.length - 2; index > 0; index--) {
    const keyword = tokens[index] as Token;
    const name = tokens[index + 1] as Token;
    const after = tokens[index + 2];
    if (!isWord(keyword, 'FORMAT') || (name.kind !== 'word' && name.kind !== 'quoted')) continue;
    if (after === undefined || isWord(after, 'SETTINGS')) return { name: name.text, start: keyword.start };
  }
  return undefined;
}
