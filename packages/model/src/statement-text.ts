/** Whose rules an SQL text is read by. What they differ in, `unknown` does not read: from there on all is masked. */
export type SqlDialect = 'postgresql' | 'mysql' | 'unknown';

/**
 * An SQL statement as it is recorded: each literal is `?`, comments are left out, parameter markers and names stay.
 * Nothing that is within a literal or a comment comes through, whatever the text: what is not closed runs to the end.
 * Masking a masked text changes nothing, and its fingerprint (`StatementScanner`) is that of the text.
 *
 * Read as the servers read it by default: PostgreSQL with `standard_conforming_strings`, MySQL without `ANSI_QUOTES` and
 * `NO_BACKSLASH_ESCAPES`. The first 32,768 characters are recorded; `…` says that there were more.
 */
export const statementText = (text: string, dialect: SqlDialect = 'unknown'): string => {
  const end = Math.min(text.length, MAX_LENGTH);
  let masked = '';
  /** Where begins what is neither copied nor masked yet. */
  let from = 0;
  let at = 0;
  while (at < end) {
    const code = text.charCodeAt(at);
    const kind = code < 128 ? KINDS[code] : WORD;
    if (kind === OTHER) {
      at++;
    } else if (kind === WORD) {
      at = endOfWord(text, at + 1);
    } else if (kind === DIGIT) {
      masked += `${text.slice(from, at)}?`;
      at = from = endOfNumber(text, at + 1);
    } else {
      const comment = endOfComment(text, at, dialect);
      const literal = comment > at ? at : endOfLiteral(text, at, dialect);
      if (comment > at) {
        masked = separated(masked + text.slice(from, at));
        at = from = comment;
      } else if (literal > at) {
        masked += `${text.slice(from, at)}?`;
        at = from = literal;
      } else {
        at = endOfKept(text, at, dialect);
      }
    }
  }
  if (end < text.length) return `${masked}${text.slice(from, Math.max(from, end))}…`;
  return from === 0 ? text : masked + text.slice(from);
};

/**
 * As `statementText`, with literals and comments kept, unless a word in it sounds as if one of them were a secret
 * (`ALTER ROLE … PASSWORD '…'`, `IDENTIFIED BY '…'`, `CONNECTION 'host=… password=…'`): then none is.
 */
export const statementWithValues = (text: string, dialect: SqlDialect = 'unknown'): string => {
  if (SOUNDS_SECRET.test(text)) return statementText(text, dialect);
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}…`;
};

/** What a comment parted stays parted; two dashes and a blank would be a comment again. */
const separated = (masked: string): string => {
  const last = masked.charCodeAt(masked.length - 1);
  if (last === DASH) return `${masked}/**/`;
  return last > SPACE ? `${masked} ` : masked;
};

const MAX_LENGTH = 32_768;

const SOUNDS_SECRET =
  /passw|passphrase|pwd|secret|identified|credential|token|crypt|hmac|digest|(?:api|access|private|signing)_?key|conninfo|connection|dblink|user\s+mapping|:\/\/[^\s/]*@/i;

const OTHER = 0;
const WORD = 1;
const DIGIT = 2;
/** What may begin a quoted literal, a comment, a parameter or a quoted name. */
const SPECIAL = 3;

const SPACE = 0x20;
const DOUBLE_QUOTE = 0x22;
const HASH = 0x23;
const DOLLAR = 0x24;
const SINGLE_QUOTE = 0x27;
const STAR = 0x2a;
const DASH = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const BACKTICK = 0x60;

const KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[A-Za-z_]/.test(character)) return WORD;
  if (/[0-9]/.test(character)) return DIGIT;
  return `'"\`$-/#`.includes(character) ? SPECIAL : OTHER;
});

/** A dollar sign inside a word is part of it. */
const isNameCode = (code: number): boolean =>
  code >= 128 || KINDS[code] === WORD || KINDS[code] === DIGIT || code === DOLLAR;

const endOfWord = (text: string, from: number): number => {
  let at = from;
  while (at < text.length && isNameCode(text.charCodeAt(at))) at++;
  return at;
};

const endOfNumber = (text: string, from: number): number => {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === DOLLAR || !(isNameCode(code) || code === DOT)) break;
  }
  return at;
};

const endOfDigits = (text: string, from: number): number => {
  let at = from;
  while (KINDS[text.charCodeAt(at)] === DIGIT) at++;
  return at;
};

/** End of the quoted text that begins at `at`; `at` where none does. */
const endOfLiteral = (text: string, at: number, dialect: SqlDialect): number => {
  switch (text.charCodeAt(at)) {
    case SINGLE_QUOTE:
      return orEnd(text, closing(text, at, SINGLE_QUOTE, backslashesIn(text, at, dialect)));
    case DOUBLE_QUOTE:
      if (dialect === 'postgresql') return closing(text, at, DOUBLE_QUOTE, 'ordinary') < 0 ? text.length : at;
      return orEnd(text, closing(text, at, DOUBLE_QUOTE, dialect === 'mysql' ? 'escapes' : 'either'));
    case BACKTICK:
      return dialect !== 'postgresql' && endOfBackticked(text, at, dialect) < 0 ? text.length : at;
    case DOLLAR:
      return endOfDollarQuoted(text, at, dialect);
    default:
      return at;
  }
};

/** End of a name, a parameter or an operator that begins as a literal or a comment might. */
const endOfKept = (text: string, at: number, dialect: SqlDialect): number => {
  switch (text.charCodeAt(at)) {
    case DOUBLE_QUOTE:
      return closing(text, at, DOUBLE_QUOTE, 'ordinary');
    case BACKTICK:
      return dialect === 'postgresql' ? at + 1 : endOfBackticked(text, at, dialect);
    case DOLLAR:
      return dialect === 'mysql' ? endOfWord(text, at + 1) : endOfDigits(text, at + 1);
    default:
      return at + 1;
  }
};

const orEnd = (text: string, end: number): number => (end < 0 ? text.length : end);

type Backslashes = 'ordinary' | 'escapes' | 'either';

/** What a backslash is in the string that begins at `at`: in PostgreSQL an escape only after `E`. */
const backslashesIn = (text: string, at: number, dialect: SqlDialect): Backslashes => {
  if (dialect === 'mysql') return 'escapes';
  if ((text.charCodeAt(at - 1) | 0x20) === 0x65 && !isNameCode(text.charCodeAt(at - 2))) return 'escapes';
  return dialect === 'postgresql' ? 'ordinary' : 'either';
};

/** End of what is quoted from `at` on, a doubled quote being part of it; -1 where it is not closed, or may not be. */
const closing = (text: string, at: number, quote: number, backslashes: Backslashes): number => {
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) {
      if (text.charCodeAt(i + 1) !== quote) return i + 1;
      i++;
    } else if (code === BACKSLASH && backslashes !== 'ordinary') {
      i++;
      if (backslashes === 'either' && text.charCodeAt(i) === quote) return -1;
    }
  }
  return -1;
};

/** A name of MySQL's, in which PostgreSQL may see a literal or a comment. */
const endOfBackticked = (text: string, at: number, dialect: SqlDialect): number => {
  const end = closing(text, at, BACKTICK, 'ordinary');
  return dialect === 'unknown' && /['"$#/-]/.test(text.slice(at, end < 0 ? at : end)) ? -1 : end;
};

/** `$tag$ … $tag$`; `at` where that is none, as `$1`. In MySQL it is a name. */
const endOfDollarQuoted = (text: string, at: number, dialect: SqlDialect): number => {
  const first = text.charCodeAt(at + 1);
  if (dialect === 'mysql' || (first < 128 && KINDS[first] === DIGIT)) return at;
  let tag = at + 1;
  while (tag < text.length && text.charCodeAt(tag) !== DOLLAR && isNameCode(text.charCodeAt(tag))) tag++;
  if (text.charCodeAt(tag) !== DOLLAR) return at;
  if (dialect === 'unknown') return text.length;
  const close = text.indexOf(text.slice(at, tag + 1), tag + 1);
  return close < 0 ? text.length : close + tag + 1 - at;
};

/** `at` where no comment begins there. What MySQL executes (`/*! … *\/`) is none. */
const endOfComment = (text: string, at: number, dialect: SqlDialect): number => {
  const next = text.charCodeAt(at + 1);
  switch (text.charCodeAt(at)) {
    case SLASH:
      return next === STAR ? endOfBracketed(text, at, dialect) : at;
    case DASH:
      if (next !== DASH) return at;
      if (dialect === 'postgresql' || !(text.charCodeAt(at + 2) > SPACE)) return endOfLine(text, at);
      return dialect === 'mysql' ? at : text.length;
    case HASH:
      if (dialect === 'postgresql') return at;
      return dialect === 'mysql' ? endOfLine(text, at) : text.length;
    default:
      return at;
  }
};

const endOfLine = (text: string, at: number): number => orEnd(text, text.indexOf('\n', at));

/** PostgreSQL's nest, MySQL's do not. */
const endOfBracketed = (text: string, at: number, dialect: SqlDialect): number => {
  if (dialect === 'postgresql') return endOfNested(text, at);
  const executed = /^M?!/.test(text.slice(at + 2, at + 4));
  if (executed) return dialect === 'mysql' ? at : text.length;
  const first = text.indexOf('*/', at + 2);
  if (first < 0) return text.length;
  return dialect === 'unknown' && text.slice(at + 2, first).includes('/*') ? text.length : first + 2;
};

const endOfNested = (text: string, at: number): number => {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const next = text.charCodeAt(i + 1);
    if (code === SLASH && next === STAR) depth++;
    else if (code === STAR && next === SLASH) depth--;
    else continue;
    i++;
    if (depth === 0) return i + 1;
  }
  return text.length;
};
