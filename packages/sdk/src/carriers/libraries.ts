import { mcp } from './agents/mcp.ts';
import { awsSdk } from './aws/aws-sdk.ts';
import { lambda } from './aws/lambda.ts';
import { grpc } from './http/grpc.ts';
import { http } from './http/http.ts';
import { undici } from './http/undici.ts';
import { amqplib } from './queues/amqplib.ts';
import { bullmq } from './queues/bullmq.ts';
import { kafkajs } from './queues/kafkajs.ts';
import { pgBoss } from './queues/pg-boss.ts';
import { croner } from './schedules/croner.ts';
import { nodeCron } from './schedules/node-cron.ts';
import { nodeSchedule } from './schedules/node-schedule.ts';
import { mysql2 } from './sql/mysql2.ts';
import { pg } from './sql/pg.ts';
import { ioredis } from './stores/ioredis.ts';
import { mongodb } from './stores/mongodb.ts';
import { redis } from './stores/redis.ts';
import type { TracedLibrary } from './traced-library.ts';

/** All that is traced by itself. */
export const LIBRARIES: readonly TracedLibrary[] = [
  http,
  undici,
  grpc,
  pg,
  mysql2,
  redis,
  ioredis,
  mongodb,
  kafkajs,
  amqplib,
  bullmq,
  pgBoss,
  croner,
  nodeCron,
  nodeSchedule,
  mcp,
  awsSdk,
  lambda,
];

/** The packages that are patched while they are loaded. */
export const HOOKED_PACKAGES: readonly (string | RegExp)[] = LIBRARIES.flatMap(({ packages }) => packages);
