import { readFileSync } from 'node:fs';
import { ReloadedFiles } from '@whence/identity';
import type { Logger } from 'pino';
import { QueryError } from '../query-error.ts';
import { type OwnerRules, readOwnerRules } from './owner-rules.ts';

/** An owners file as it was read. */
interface Owners {
  readonly text: string;
  readonly rules: OwnerRules;
}

/** The owners file as it is: one with a fault changes nothing, and is logged. */
export type OwnersFile = ReloadedFiles<Owners>;

/** @throws QueryError `owners_invalid`, with every fault, where the file cannot be used at the start. */
export const openOwnersFile = (path: string, log: Logger, checkMillis?: number): OwnersFile => {
  const read = (): Owners => {
    const text = textOf(path);
    return { text, rules: readOwnerRules(text, path) };
  };
  const same = (a: Owners, b: Owners): boolean => a.text === b.text;
  return new ReloadedFiles({ what: 'owners file', read, same }, log, checkMillis);
};

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { message } = cause as Error;
    throw new QueryError('owners_invalid', `owners file ${path} cannot be read: ${message}`, { cause });
  }
};
