/** East Asian scripts, full-width forms and emoji take two cells of a terminal; combining marks take none. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;
const COMBINING = /\p{M}/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what plain text mostly is
const ASCII = /^[\u0000-\u007f]*$/;

const cellsOf = (character: string): number => (WIDE.test(character) ? 2 : COMBINING.test(character) ? 0 : 1);

/** Terminal cells that a plain text takes. */
export const widthOf = (text: string): number => {
  if (ASCII.test(text)) return text.length;
  let cells = 0;
  for (const character of text) cells += cellsOf(character);
  return cells;
};

/** The text if it fits, else as much of its beginning as leaves room for `…`. */
export const cutTo = (text: string, cells: number): string => {
  if (widthOf(text) <= cells) return text;
  return `${beginningOf([...text], cells - 1)}…`;
};

/** As `cutTo`, but cut in the middle: of `k8s://demo/jobs/nightly` both ends tell. */
export const cutMiddleTo = (text: string, cells: number): string => {
  if (widthOf(text) <= cells) return text;
  const characters = [...text];
  const front = beginningOf(characters, Math.floor((cells - 1) / 2));
  const back = beginningOf(characters.toReversed(), cells - 1 - widthOf(front));
  return `${front}…${[...back].toReversed().join('')}`;
};

const beginningOf = (characters: readonly string[], cells: number): string => {
  let text = '';
  let used = 0;
  for (const character of characters) {
    used += cellsOf(character);
    if (used > cells) break;
    text += character;
  }
  return text;
};

export const padTo = (text: string, cells: number): string =>
  text + ' '.repeat(Math.max(0, cells - widthOf(text)));

export const padBefore = (text: string, cells: number): string =>
  ' '.repeat(Math.max(0, cells - widthOf(text))) + text;
