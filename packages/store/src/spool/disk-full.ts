import { constants } from 'node:os';

/** By number, since Node has no name for EDQUOT: its code is `UNKNOWN` here, `Unknown system error -122` there. */
const FULL = new Set([-constants.errno.ENOSPC, -constants.errno.EDQUOT]);

/** Whether it failed, itself or by what it was caused, since the disk is full or a quota is used up. */
export const isDiskFull = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  return ('errno' in error && FULL.has(error.errno as number)) || isDiskFull(error.cause);
};
