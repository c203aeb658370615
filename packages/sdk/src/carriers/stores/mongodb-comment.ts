import { commandNameOf } from './mongodb-command-text.ts';

export type Command = Readonly<Record<string, unknown>>;

/**
 * The command with `comment`, where servers of that wire version allow one for it, and the caller has set none; otherwise
 * the command itself. `find` and `aggregate` have always had one; the others since MongoDB 4.4.
 */
export const withCommandComment = (command: Command, comment: string, maxWireVersion: number): Command => {
  const name = commandNameOf(command);
  const since = SINCE[name];
  if (since === undefined || maxWireVersion < since || command['comment'] !== undefined) return command;
  return { ...command, comment };
};

const MONGODB_4_4 = 9;
const SINCE: Readonly<Record<string, number>> = {
  find: 0,
  aggregate: 0,
  getMore: MONGODB_4_4,
  insert: MONGODB_4_4,
  update: MONGODB_4_4,
  delete: MONGODB_4_4,
  findAndModify: MONGODB_4_4,
  distinct: MONGODB_4_4,
  count: MONGODB_4_4,
  bulkWrite: MONGODB_4_4,
};

/** Servers that speak MongoDB's protocol but not all of its commands: what they refuse unread can be sent again. */
export const refusesComment = (error: unknown): boolean => {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return REFUSALS.has(code) && /\bcomment\b/.test(String(message));
};

/** FailedToParse, BadValue, IDLUnknownField, NotImplemented, CommandNotSupported, InvalidOptions. */
const REFUSALS = new Set<unknown>([2, 9, 72, 115, 238, 40415]);
