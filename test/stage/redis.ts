import { type Redis, startRedis as start } from '../../packages/sdk/src/testkit/redis.ts';
import { takeDown } from './take-down.ts';

/** @see Redis */
export const startRedis = async (): Promise<Redis> => {
  const redis = await start();
  takeDown(() => redis.stop());
  return redis;
};

export type { Redis };
