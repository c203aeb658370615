/**
 * Text out of a record, made fit for a terminal. What an actor wrote into a statement or a name must not be able to
 * move the cursor, colour the line, reverse it or hide in it. Nothing is taken away without a trace: a colour sequence
 * and any other control or invisible character each leave a `\uFFFD` (the replacement character).
 */
export const plainText = (text: string): string =>
  text.replace(BLANKS, ' ').replace(COLOUR_SEQUENCE, MARK).replace(HIDDEN, MARK).trim();

const MARK = '\uFFFD';
/** Line ends and tabs, as in SQL: one line is one action. */
const BLANKS = /(?:[^\S\ufeff]|\u0085)+/gu;
/**
 * ECMA-48 control sequences. Bounded on purpose: other escape sequences take any text as their argument, and would
 * take it out of sight, so of those only the control characters go.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const COLOUR_SEQUENCE = /\u001b\[[0-?]{0,16}[ -/]{0,2}[@-~]/g;
/** Control, format (bidirectional and zero-width among them) and half characters. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}]/gu;

/** JSON for a terminal: the same value, with what `plainText` would take out written as `\u…`. */
export const plainJson = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(/[\p{Cf}\p{Cs}\u007f-\u009f\u2028\u2029]/gu, (hidden) =>
    Array.from({ length: hidden.length }, (_, at) => hidden.charCodeAt(at))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  );
