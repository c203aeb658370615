import { isMark, isWord, type Token, TokenReader } from './sql-tokens.ts';

/** An `INSERT` whose rows follow the statement as data. */
export interface InsertStatement {
  /** `INSERT INTO db.t (a, b)`: all that comes before settings and the source of the rows. */
  readonly target: string;
  /** The inside of each `SETTINGS` clause, before and after `FORMAT`. */
  readonly settings: readonly string[];
  /** The format named by the statement; undefined when it names neither `FORMAT` nor `VALUES`. */
  readonly format: string | undefined;
  /** The offset, in bytes, at which rows begin. */
  readonly dataStart: number;
  /** The tokens of the statement proper. */
  readonly tokens: readonly Token[];
}

export type InsertReading =
  /** The beginning of the body does not yet decide. */
  | { readonly status: 'more' }
  /** Anything else: no `INSERT`, or one from a `SELECT`. */
  | { readonly status: 'other' }
  | { readonly status: 'insert'; readonly insert: InsertStatement };

/** `SETTINGS` may follow `FORMAT name`, so this many bytes after it are looked at before rows are taken to begin. */
const LOOKAHEAD_BYTES = 4096;

const sourceKeywords = new Set(['SELECT', 'WITH', 'FROM', 'WATCH', 'EXPLAIN']);

/**
 * Finds where the rows of an `INSERT` begin, as ClickHouse's parser does: after `VALUES` or `FORMAT name` and its
 * settings, blanks and at most one line break are skipped.
 *
 * @param head the beginning of the statement, as latin1
 * @param complete whether `head` is all there is
 */
export function readInsert(head: string, complete: boolean): InsertReading {
  const reader = new TokenReader(head);
  const tokens: Token[] = [];
  const take = (): Token | undefined => {
    const token = reader.next();
    if (token) tokens.push(token);
    return token;
  };
  const undecided: InsertReading = complete ? { status: 'other' } : { status: 'more' };

  const verb = take();
  if (!verb || (!complete && verb.end === head.length))
    return reader.broken || !verb ? undecided : { status: 'more' };
  if (!isWord(verb, 'INSERT')) return { status: 'other' };
  if (isWord(reader.peek(), 'INTO')) take();
  if (isWord(reader.peek(), 'TABLE')) take();
  let depth = 0;
  let named = false;
  const settings: string[] = [];
  let targetEnd: number | undefined;

  for (let token = take(); token; token = take()) {
    if (isMark(token, '(') || isMark(token, '{')) depth++;
    if (isMark(token, ')') || isMark(token, '}')) depth--;
    const wordHere = named && depth === 0 && token.kind === 'word' && !isMark(tokens.at(-2), '.');
    named = true;
    if (isMark(token, '(') && depth === 1 && startsSubquery(reader.peek())) return { status: 'other' };
    if (!wordHere) continue;
    const keyword = token.text.toUpperCase();
    if (sourceKeywords.has(keyword)) return { status: 'other' };
    if (keyword === 'SETTINGS') {
      targetEnd ??= token.start;
      const list = readSettings(reader);
      if (list === undefined) return reader.peek() === undefined ? undecided : { status: 'other' };
      settings.push(list);
    } else if (keyword === 'VALUES' || keyword === 'FORMAT') {
      const format = keyword === 'VALUES' ? 'Values' : take()?.text;
      if (format === undefined) return undecided;
      if (!complete && head.length - reader.at < LOOKAHEAD_BYTES) return { status: 'more' };
      const trailing = keyword === 'FORMAT' ? readTrailingSettings(head, reader.at) : undefined;
      if (trailing) settings.push(trailing.list);
      const target = head.slice(0, targetEnd ?? token.start).trimEnd();
      const dataStart = skipToData(head, trailing?.end ?? reader.at);
      return { status: 'insert', insert: { target, settings, format, dataStart, tokens } };
    }
  }
  if (!complete || reader.broken || !named) return undecided;
  const target = head.slice(0, targetEnd ?? head.length).replace(/[\s;]+$/, '');
  return {
    status: 'insert',
    insert: { target, settings, format: undefined, dataStart: head.length, tokens },
  };
}

function startsSubquery(token: Token | undefined): boolean {
  return isWord(token, 'SELECT') || isWord(token, 'WITH');
}

/**
 * Reads `name = value, …` at the reader and returns its text, or undefined when that is not what is there.
 * @param rowsFollow a line break then ends the list, so that rows may begin with a comma
 */
function readSettings(reader: TokenReader, rowsFollow = false): string | undefined {
  const start = reader.at;
  do {
    if (reader.next()?.kind !== 'word') return undefined;
    if (!isMark(reader.next(), '=')) return undefined;
    if (!readValue(reader)) return undefined;
  } while (continues(reader, rowsFollow) && reader.next());
  return reader.sql.slice(start, reader.at).trim();
}

function continues(reader: TokenReader, rowsFollow: boolean): boolean {
  const next = reader.peek();
  if (!next || !isMark(next, ',')) return false;
  return !rowsFollow || !reader.sql.slice(reader.at, next.start).includes('\n');
}

function readValue(reader: TokenReader): boolean {
  let token = reader.next();
  if (isMark(token, '-') || isMark(token, '+')) token = reader.next();
  if (isMark(token, '[') || isMark(token, '{') || isMark(token, '(')) {
    for (let depth = 1; depth > 0; ) {
      const inner = reader.next();
      if (!inner) return false;
      if (/^[[{(]$/.test(inner.text) && inner.kind === 'punctuation') depth++;
      if (/^[\]})]$/.test(inner.text) && inner.kind === 'punctuation') depth--;
    }
    return true;
  }
  if (!token || token.kind === 'punctuation') return false;
  // `1.5`, and never a row that begins with a point.
  const point = reader.peek();
  if (point?.start !== reader.at || !isMark(point, '.')) return true;
  reader.next();
  return reader.next()?.kind === 'word';
}

function readTrailingSettings(head: string, at: number): { list: string; end: number } | undefined {
  const reader = new TokenReader(head, at);
  if (!isWord(reader.next(), 'SETTINGS')) return undefined;
  const list = readSettings(reader, true);
  return list === undefined ? undefined : { list, end: reader.at };
}

function skipToData(head: string, from: number): number {
  let at = from;
  const blank = (chars: string): boolean => at < head.length && chars.includes(head[at] as string);
  while (blank(' \t\f')) at++;
  if (blank(';')) at++;
  while (blank(' \t\f')) at++;
  if (blank('\r')) at++;
  if (blank('\n')) at++;
  return at;
}
