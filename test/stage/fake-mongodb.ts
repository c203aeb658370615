import { type FakeMongoDb, startFakeMongoDb as start } from '../../packages/sdk/src/testkit/fake-mongodb.ts';
import { takeDown } from './take-down.ts';

/** @see FakeMongoDb */
export const startFakeMongoDb = async (): Promise<FakeMongoDb> => {
  const mongodb = await start();
  takeDown(() => mongodb.stop());
  return mongodb;
};

export type { FakeMongoDb };
