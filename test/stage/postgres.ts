import { type Postgres, startPostgres as start } from '../../packages/sdk/src/testkit/postgres.ts';
import { takeDown } from './take-down.ts';

/** @see Postgres */
export const startPostgres = async (): Promise<Postgres> => {
  const postgres = await start();
  takeDown(() => postgres.stop());
  return postgres;
};

export type { Postgres };
