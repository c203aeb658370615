import { type MariaDb, startMariaDb as start } from '../../packages/sdk/src/testkit/mariadb.ts';
import { takeDown } from './take-down.ts';

/** @see MariaDb */
export const startMariaDb = async (): Promise<MariaDb> => {
  const mariadb = await start();
  takeDown(() => mariadb.stop());
  return mariadb;
};

export type { MariaDb };
