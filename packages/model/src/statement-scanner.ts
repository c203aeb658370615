/**
 * One pass over the bytes of an SQL statement. It finds the verb (`UPDATE`), the first table or collection named, and
 * a 64-bit fingerprint that is the same for statements that differ only in literals, parameters, comments, layout and
 * letter case: what `pg_stat_statements` calls a query id. The fingerprint groups; it proves nothing.
 *
 * Results stay in the scanner until the next `scan`: nothing is allocated.
 */
export class StatementScanner {
  operationStart = 0;
  operationEnd = 0;
  collectionStart = 0;
  collectionEnd = 0;
  /** Unsigned 32-bit halves of the fingerprint; never both 0 after a scan of a non-empty statement. */
  hashLow = 0;
  hashHigh = 0;
  /** The halves while they are being made: signed, so that they stay small integers to the engine. */
  private low = 0;
  private high = 0;

  /** Scans `bytes[start, end)`. The ranges are offsets into `bytes`, empty where nothing was found. */
  scan(bytes: Uint8Array, start: number, end: number): void {
    this.operationStart = this.operationEnd = start;
    this.collectionStart = this.collectionEnd = start;
    this.low = LOW_SEED;
    this.high = HIGH_SEED;
    /** The last token was a literal: `?, ?, ?` counts as one. */
    let afterLiteral = false;
    let commaHeld = false;
    let nextNameIsCollection = false;
    let at = start;
    while (at < end) {
      const byte = bytes[at]!;
      if (byte <= SPACE) {
        at++;
        continue;
      }
      if (byte === DASH && bytes[at + 1] === DASH && at + 1 < end) {
        at = lineEnd(bytes, at, end);
        continue;
      }
      if (byte === SLASH && bytes[at + 1] === STAR && at + 1 < end) {
        at = commentEnd(bytes, at, end);
        continue;
      }
      const literalEnd = endOfLiteral(bytes, at, end);
      if (literalEnd > at) {
        if (!(afterLiteral && commaHeld)) {
          if (commaHeld) this.mix(COMMA);
          this.mix(QUESTION_MARK);
        }
        commaHeld = false;
        afterLiteral = true;
        nextNameIsCollection = false;
        at = literalEnd;
        continue;
      }
      if (byte === COMMA && afterLiteral && !commaHeld) {
        commaHeld = true;
        at++;
        continue;
      }
      if (commaHeld) this.mix(COMMA);
      commaHeld = false;
      afterLiteral = false;
      const nameEnd = endOfName(bytes, at, end);
      if (nameEnd === at) {
        if (byte !== SEMICOLON) this.mix(byte);
        if (byte === OPEN_PARENTHESIS) nextNameIsCollection = false;
        at++;
        continue;
      }
      this.mix(SPACE);
      for (let i = at; i < nameEnd; i++) this.mix(lower(bytes[i]!));
      if (this.operationEnd === this.operationStart) {
        this.operationStart = at;
        this.operationEnd = nameEnd;
      } else if (nextNameIsCollection && !isNoise(bytes, at, nameEnd)) {
        this.collectionStart = at;
        this.collectionEnd = nameEnd;
        nextNameIsCollection = false;
      }
      if (this.collectionEnd === this.collectionStart && introducesCollection(bytes, at, nameEnd)) {
        nextNameIsCollection = true;
      }
      at = nameEnd;
    }
    this.hashLow = finish(this.low);
    this.hashHigh = finish(this.high ^ this.hashLow);
  }

  private mix(byte: number): void {
    const { low, high } = this;
    this.low = Math.imul(low ^ byte, 0x01000193);
    this.high = Math.imul((high ^ byte) + 0x7f4a7c15, 0x85ebca6b) ^ (high >>> 15);
  }
}

const LOW_SEED = 0x811c9dc5 | 0;
const HIGH_SEED = 0x9e3779b9 | 0;

const SPACE = 0x20;
const DOUBLE_QUOTE = 0x22;
const DOLLAR = 0x24;
const SINGLE_QUOTE = 0x27;
const OPEN_PARENTHESIS = 0x28;
const STAR = 0x2a;
const COMMA = 0x2c;
const DASH = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const COLON = 0x3a;
const SEMICOLON = 0x3b;
const QUESTION_MARK = 0x3f;
const UNDERSCORE = 0x5f;
const BACKTICK = 0x60;

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isLetter = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
const isNameByte = (byte: number): boolean =>
  isLetter(byte) || isDigit(byte) || byte === UNDERSCORE || byte === DOLLAR || byte >= 0x80;
const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte);

const lineEnd = (bytes: Uint8Array, at: number, end: number): number => {
  let i = at;
  while (i < end && bytes[i] !== 0x0a) i++;
  return i;
};

/** PostgreSQL's comments nest; an unclosed one runs to the end. */
const commentEnd = (bytes: Uint8Array, at: number, end: number): number => {
  let depth = 0;
  for (let i = at; i + 1 < end; i++) {
    if (bytes[i] === SLASH && bytes[i + 1] === STAR) {
      depth++;
      i++;
    } else if (bytes[i] === STAR && bytes[i + 1] === SLASH) {
      depth--;
      i++;
      if (depth === 0) return i + 1;
    }
  }
  return end;
};

/** End of the string, number, dollar-quoted text or parameter that begins at `at`; `at` where none does. */
const endOfLiteral = (bytes: Uint8Array, at: number, end: number): number => {
  const byte = bytes[at]!;
  if (byte === SINGLE_QUOTE) return endOfQuoted(bytes, at, end, SINGLE_QUOTE);
  if (byte === QUESTION_MARK) return at + 1;
  if (isDigit(byte)) return endOfNumber(bytes, at, end);
  if (byte === DOLLAR) return endOfDollar(bytes, at, end);
  if (byte === COLON && at + 1 < end && isLetter(bytes[at + 1]!) && bytes[at - 1] !== COLON) {
    return endOfWord(bytes, at + 1, end);
  }
  return at;
};

const endOfNumber = (bytes: Uint8Array, at: number, end: number): number => {
  let i = at;
  while (i < end && (isNameByte(bytes[i]!) || bytes[i] === DOT)) i++;
  return i;
};

/** `$1`, or `$tag$ … $tag$`. */
const endOfDollar = (bytes: Uint8Array, at: number, end: number): number => {
  let i = at + 1;
  while (i < end && isDigit(bytes[i]!)) i++;
  if (i > at + 1) return i;
  while (i < end && bytes[i] !== DOLLAR && isNameByte(bytes[i]!)) i++;
  if (i >= end || bytes[i] !== DOLLAR) return at;
  const tagLength = i + 1 - at;
  for (let close = i + 1; close + tagLength <= end; close++) {
    let same = 0;
    while (same < tagLength && bytes[close + same] === bytes[at + same]) same++;
    if (same === tagLength) return close + tagLength;
  }
  return end;
};

/** A doubled quote is part of the text. */
const endOfQuoted = (bytes: Uint8Array, at: number, end: number, quote: number): number => {
  for (let i = at + 1; i < end; i++) {
    if (bytes[i] !== quote) continue;
    if (bytes[i + 1] !== quote || i + 1 >= end) return i + 1;
    i++;
  }
  return end;
};

const endOfWord = (bytes: Uint8Array, at: number, end: number): number => {
  let i = at;
  while (i < end && isNameByte(bytes[i]!)) i++;
  return i;
};

/** A keyword or a name: words and quoted words joined by dots (`bank."Accounts"`). `at` where none begins there. */
const endOfName = (bytes: Uint8Array, at: number, end: number): number => {
  let i = at;
  for (;;) {
    const byte = bytes[i]!;
    if (byte === DOUBLE_QUOTE || byte === BACKTICK) i = endOfQuoted(bytes, i, end, byte);
    else i = endOfWord(bytes, i, end);
    if (i >= end - 1 || bytes[i] !== DOT || i === at) return i;
    const next = bytes[i + 1]!;
    if (!isNameByte(next) && next !== DOUBLE_QUOTE && next !== BACKTICK) return i;
    i++;
  }
};

const is = (bytes: Uint8Array, start: number, end: number, word: string): boolean => {
  if (end - start !== word.length) return false;
  for (let i = 0; i < word.length; i++) if (lower(bytes[start + i]!) !== word.charCodeAt(i)) return false;
  return true;
};

/** Words after which a table is named. */
const introducesCollection = (bytes: Uint8Array, start: number, end: number): boolean => {
  switch (end - start) {
    case 4:
      return is(bytes, start, end, 'from') || is(bytes, start, end, 'into') || is(bytes, start, end, 'copy');
    case 5:
      return is(bytes, start, end, 'table');
    case 6:
      return is(bytes, start, end, 'update');
    case 8:
      return is(bytes, start, end, 'truncate');
    default:
      return false;
  }
};

/** Words that may stand between such a word and the table. */
const isNoise = (bytes: Uint8Array, start: number, end: number): boolean => {
  switch (end - start) {
    case 2:
      return is(bytes, start, end, 'if');
    case 3:
      return is(bytes, start, end, 'not');
    case 4:
      return is(bytes, start, end, 'only');
    case 5:
      return is(bytes, start, end, 'table');
    case 6:
      return is(bytes, start, end, 'exists');
    default:
      return false;
  }
};

/** MurmurHash3's 32-bit finaliser: every bit of the input reaches every bit of the result. */
const finish = (hash: number): number => {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};
