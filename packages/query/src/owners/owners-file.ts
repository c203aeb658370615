import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { QueryError } from '../query-error.ts';
import { type OwnerRules, readOwnerRules } from './owner-rules.ts';

const CHECK_MILLIS = 30_000;

/** The owners file as it is: looked at now and then, and on `check`. One with a fault changes nothing, and is logged. */
export interface OwnersFile {
  readonly current: OwnerRules;
  check(): void;
  close(): void;
}

/** @throws QueryError `owners_invalid`, with every fault, where the file cannot be used at the start. */
export const openOwnersFile = (path: string, logger: Logger, checkMillis = CHECK_MILLIS): OwnersFile => {
  let text = textOf(path);
  let current = readOwnerRules(text, path);
  let faultSaid = '';

  const check = (): void => {
    try {
      const now = textOf(path);
      const rules = now === text ? current : readOwnerRules(now, path);
      faultSaid = '';
      if (now === text) return;
      text = now;
      current = rules;
      logger.info('owners file: taken up anew');
    } catch (error) {
      const { message } = error as Error;
      if (message !== faultSaid) logger.error({ fault: message }, 'owners file: the former stays');
      faultSaid = message;
    }
  };
  const timer = setInterval(check, checkMillis).unref();

  return {
    get current() {
      return current;
    },
    check,
    close: () => clearInterval(timer),
  };
};

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { message } = cause as Error;
    throw new QueryError('owners_invalid', `owners file ${path} cannot be read: ${message}`, { cause });
  }
};
