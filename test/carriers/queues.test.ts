import { beforeAll } from 'vitest';
import { startKafka } from '../stage/kafka.ts';
import { startPostgres } from '../stage/postgres.ts';
import { startRabbitMq } from '../stage/rabbitmq.ts';
import { startRedis } from '../stage/redis.ts';
import { carrierMatrix } from './carrier-matrix.ts';

let environment: Record<string, string>;
beforeAll(async () => {
  const [kafka, rabbitMq, redis, postgres] = await Promise.all([
    startKafka(),
    startRabbitMq(),
    startRedis(),
    startPostgres(),
  ]);
  environment = {
    KAFKA_BROKER: kafka.broker,
    RABBITMQ_URL: rabbitMq.url,
    REDIS_URL: redis.url,
    DATABASE_URL: postgres.url,
    KAFKAJS_NO_PARTITIONER_WARNING: '1',
    // KafkaJS 2.2.4 hands a negative timeout to Node, which says so.
    NODE_NO_WARNINGS: '1',
  };
});

for (const app of ['kafkajs', 'amqplib', 'bullmq', 'pg-boss']) {
  carrierMatrix(app, { app, environment: () => environment });
}
