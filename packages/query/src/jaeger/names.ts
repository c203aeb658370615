import type { Listed } from '@whence/store';

/** Names in one answer. */
export const NAMES_MAX = 10_000;

/** What is said of names that are left out. */
export const namesLeftOut = ({ items, total }: Listed<unknown>): readonly string[] =>
  items.length < total
    ? [`The first ${items.length} of ${total} names are given: /v1/actions finds the rest.`]
    : [];

export const optionalWarnings = (warnings: readonly string[]): { readonly warnings?: readonly string[] } =>
  warnings.length === 0 ? {} : { warnings };
