import { createClient } from 'redis';
import { beforeAll, expect } from 'vitest';
import { type FakeMongoDb, startFakeMongoDb } from '../stage/fake-mongodb.ts';
import { type Redis, startRedis } from '../stage/redis.ts';
import { takeDown } from '../stage/take-down.ts';
import { storeMatrix } from './store-matrix.ts';

let redis: Redis;
let mongodb: FakeMongoDb;
const monitored: string[] = [];
beforeAll(async () => {
  [redis, mongodb] = await Promise.all([startRedis(), startFakeMongoDb()]);
  const monitor = await createClient({ url: redis.url }).connect();
  await monitor.monitor((line) => monitored.push(String(line)));
  takeDown(() => monitor.destroy());
});

/** A Redis command is its arguments: the server gets these and no carrier. */
const expectNothingOfOurs = (): void => {
  expect(monitored.at(-1)).toMatch(/"(SET|set)" "accounts:42" "hunter2"$/);
  expect(monitored.join('\n')).not.toMatch(/whence|traceparent/);
};

storeMatrix('redis', {
  app: 'redis',
  environment: () => ({ REDIS_URL: redis.url }),
  system: 'redis',
  statements: ['SET accounts:? ?'],
  expectSeen: expectNothingOfOurs,
});

storeMatrix('ioredis', {
  app: 'ioredis',
  environment: () => ({ REDIS_URL: redis.url }),
  system: 'redis',
  statements: ['SET accounts:? ?'],
  expectSeen: expectNothingOfOurs,
});

/** A real server, where there is one. What it was sent is then not looked at. */
const REAL_MONGODB = process.env['WHENCE_TEST_MONGODB_URL'];

storeMatrix('mongodb', {
  app: 'mongodb',
  environment: () => ({ MONGODB_URL: REAL_MONGODB ?? mongodb.url }),
  system: 'mongodb',
  statements: [
    '{"insert":"accounts","documents":[{"owner":"?","_id":"?"}],"ordered":"?"}',
    '{"find":"accounts","filter":{"owner":"?"},"batchSize":"?"}',
    '{"update":"accounts","updates":[{"q":{"owner":"?"},"u":{"$set":{"seen":"?"}},"multi":"?"}],"ordered":"?"}',
    '{"delete":"accounts","deletes":[{"q":{"owner":"?"},"limit":"?"}],"ordered":"?"}',
  ],
  expectSeen: (_seen, { reference, traceId }, spanIds) => {
    if (REAL_MONGODB !== undefined) return;
    const comments = mongodb.commands.map(({ comment }) => comment);
    for (const spanId of spanIds) {
      expect(comments).toContain(
        `traceparent='00-${traceId}-${spanId}-01',tracestate='whence%3D${reference}'`,
      );
    }
  },
});
