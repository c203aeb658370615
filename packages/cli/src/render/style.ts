import type { Assurance } from '@whence/model';

/** Colours for a terminal that has them. Each takes plain text, already cut and padded. */
export interface Style {
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly good: (text: string) => string;
  readonly doubtful: (text: string) => string;
  readonly bad: (text: string) => string;
}

const sgr =
  (open: number, close: number) =>
  (text: string): string =>
    text.trim() === '' ? text : `\u001b[${open}m${text}\u001b[${close}m`;

const asIs = (text: string): string => text;

export const styleOf = (colours: boolean): Style =>
  colours
    ? { dim: sgr(2, 22), bold: sgr(1, 22), good: sgr(32, 39), doubtful: sgr(33, 39), bad: sgr(31, 39) }
    : { dim: asIs, bold: asIs, good: asIs, doubtful: asIs, bad: asIs };

export const styleOfAssurance = (style: Style, assurance: Assurance): ((text: string) => string) => {
  switch (assurance) {
    case 'verified':
    case 'inherited':
      return style.good;
    case 'asserted':
    case 'none':
      return style.doubtful;
    case 'refuted':
      return style.bad;
  }
};
