import type { Assurance, Authority, Run } from '@whence/model';
import type { Missing } from '@whence/query';
import { durationBetween } from './duration.ts';
import { plainText } from './plain-text.ts';
import { type Style, styleOfAssurance } from './style.ts';
import { padTo } from './text-width.ts';

const LABEL_WIDTH = 11;

/** `label      text` */
export const factLine = (label: string, text: string, style: Style): string =>
  `${style.dim(padTo(label, LABEL_WIDTH))}${text}`;

export const principalText = (
  principal: { readonly id: string; readonly kind: string },
  assurance: Assurance,
  style: Style,
): string =>
  `${plainText(principal.id)} (${plainText(principal.kind)}), ${styleOfAssurance(style, assurance)(assurance)}`;

export const authorityText = ({ id, kind }: Authority): string => `${plainText(id)} (${plainText(kind)})`;

/** `nightly-reconcile, attempt 1, by schedule, 2026-03-01T03:14:00.000Z, success after 1.52 s` */
export const runText = (
  { job, attempt, trigger, startedAt, endedAt, outcome }: Run,
  style: Style,
): string => {
  const end =
    outcome === undefined
      ? style.doubtful('no end recorded')
      : (outcome === 'success' ? style.good : style.bad)(outcome) +
        (endedAt === undefined ? '' : ` after ${durationBetween(startedAt, endedAt)}`);
  return `${style.bold(plainText(job))}, attempt ${attempt}, by ${trigger}, ${plainText(startedAt)}, ${end}`;
};

/** What an answer lacks or cannot prove, said plainly. */
export const missingLines = (missing: readonly Missing[], style: Style): string[] =>
  missing.length === 0
    ? [factLine('missing', 'nothing', style)]
    : missing.map(({ code, detail }, at) =>
        factLine(
          at === 0 ? 'missing' : '',
          `${style.doubtful(plainText(code))}: ${plainText(detail)}`,
          style,
        ),
      );
