/**
 * A token of ClickHouse SQL. `text` is what is written, but for a quoted name or a string it is what is between
 * the quotes. Offsets are of bytes, since statements are handled as latin1.
 */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'string' | 'punctuation';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const WHITESPACE = /[ \t\n\r\f\v\0]/;
const WORD = /[A-Za-z0-9_$]+/y;
const HEREDOC = /\$([A-Za-z0-9_]*)\$/y;
/** The typographic quotes that ClickHouse takes for plain ones, as UTF-8 bytes: “ ” and ‘ ’. */
const curlyQuotes = [
  { open: '\xe2\x80\x9c', close: '\xe2\x80\x9d', kind: 'quoted' },
  { open: '\xe2\x80\x98', close: '\xe2\x80\x99', kind: 'string' },
] as const;

/**
 * Splits a statement the way ClickHouse's lexer does: `--`, `# ` and nested block comments, doubled and
 * backslashed quotes, three kinds of quoted names, heredocs. It knows no grammar and accepts any bytes.
 */
export class TokenReader {
  readonly sql: string;
  /** Where the next token is looked for: the end of the one before. */
  at: number;
  /** True once the text has ended within a comment, a quote or a heredoc. */
  broken = false;

  constructor(sql: string, at = 0) {
    this.sql = sql;
    this.at = at;
  }

  /** The next token, or undefined at the end of the text. */
  next(): Token | undefined {
    const token = this.peek();
    if (token) this.at = token.end;
    return token;
  }

  peek(): Token | undefined {
    const start = skipBlanks(this.sql, this.at);
    const token = start === undefined ? undefined : readToken(this.sql, start);
    if (start === undefined || (!token && start < this.sql.length)) this.broken = true;
    return token;
  }
}

/** Every token of a statement. `closed` is false when it ends within a comment, a quote or a heredoc. */
export function tokenize(sql: string): { readonly tokens: readonly Token[]; readonly closed: boolean } {
  const reader = new TokenReader(sql);
  const tokens: Token[] = [];
  for (let token = reader.next(); token; token = reader.next()) tokens.push(token);
  return { tokens, closed: !reader.broken };
}

/** True when the token is this unquoted keyword, whatever its case. */
export function isWord(token: Token | undefined, keyword: string): boolean {
  return token?.kind === 'word' && token.text.toUpperCase() === keyword;
}

export function isMark(token: Token | undefined, mark: string): boolean {
  return token?.kind === 'punctuation' && token.text === mark;
}

/** The offset after whitespace and comments; undefined when a block comment never ends. */
function skipBlanks(sql: string, from: number): number | undefined {
  let at: number | undefined = from;
  while (at !== undefined && at < sql.length) {
    const after: number | undefined = skipBlank(sql, at);
    if (after === at) return at;
    at = after;
  }
  return at;
}

function skipBlank(sql: string, at: number): number | undefined {
  const char = sql[at] as string;
  const next = sql[at + 1];
  if (WHITESPACE.test(char)) return at + 1;
  if (char === '\xc2' && next === '\xa0') return at + 2;
  if ((char === '-' && next === '-') || (char === '#' && (next === ' ' || next === '!'))) {
    const end = sql.indexOf('\n', at);
    return end < 0 ? sql.length : end + 1;
  }
  return char === '/' && next === '*' ? skipBlockComment(sql, at) : at;
}

function skipBlockComment(sql: string, start: number): number | undefined {
  let depth = 0;
  for (let at = start; at < sql.length; at++) {
    const pair = sql.slice(at, at + 2);
    if (pair === '/*') depth++;
    else if (pair === '*/') depth--;
    else continue;
    at++;
    if (depth === 0) return at + 1;
  }
  return undefined;
}

function readToken(sql: string, start: number): Token | undefined {
  const char = sql[start];
  if (char === undefined) return undefined;
  if (char === "'") return readQuoted(sql, start, "'", 'string');
  if (char === '`' || char === '"') return readQuoted(sql, start, char, 'quoted');
  const curly = char === '\xe2' && curlyQuotes.find(({ open }) => sql.startsWith(open, start));
  if (curly) return readUntil(sql, start, curly.open, curly.close, curly.kind);
  if (char === '$') {
    HEREDOC.lastIndex = start;
    const mark = HEREDOC.exec(sql)?.[0];
    const heredoc = mark && readUntil(sql, start, mark, mark, 'string');
    if (heredoc) return heredoc;
  }
  WORD.lastIndex = start;
  const word = WORD.exec(sql)?.[0];
  if (word) return { kind: 'word', text: word, start, end: start + word.length };
  return { kind: 'punctuation', text: char, start, end: start + 1 };
}

function readUntil(sql: string, start: number, open: string, close: string, kind: Token['kind']) {
  const end = sql.indexOf(close, start + open.length);
  if (end < 0) return undefined;
  return { kind, text: sql.slice(start + open.length, end), start, end: end + close.length };
}

function readQuoted(sql: string, start: number, quote: string, kind: Token['kind']): Token | undefined {
  let from = start + 1;
  let text = '';
  for (let at = from; at < sql.length; at++) {
    const char = sql[at];
    if (char !== '\\' && char !== quote) continue;
    if (char === quote && sql[at + 1] !== quote) {
      return { kind, text: text + sql.slice(from, at), start, end: at + 1 };
    }
    text += sql.slice(from, at) + (sql[at + 1] ?? '');
    at++;
    from = at + 1;
  }
  return undefined;
}
