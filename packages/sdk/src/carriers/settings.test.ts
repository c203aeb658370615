import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { formatReference, newRunId } from '@whence/model';
import type { Redis as IoRedisClass } from 'ioredis';
import type mongodbTypes from 'mongodb';
import type mysqlTypes from 'mysql2';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { scopeOf, withRun } from '../runs/run-scope.ts';
import { startFakeMongoDb } from '../testkit/fake-mongodb.ts';
import { startFakeMySql } from '../testkit/fake-mysql.ts';
import { patchedLibrary } from '../testkit/patched-library.ts';
import { startRedis } from '../testkit/redis.ts';
import { startTracing, type Tracing, traceStateOf } from '../testkit/tracing.ts';
import { mysql2 } from './sql/mysql2.ts';
import { ioredis } from './stores/ioredis.ts';
import { mongodb } from './stores/mongodb.ts';

let tracing: Tracing;
beforeAll(() => {
  tracing = startTracing();
});
afterAll(() => tracing.stop());

const SETTINGS = { sqlComments: 'off', statementValues: true } as const;
const scope = scopeOf(formatReference({ runId: newRunId() }))!;
const inRun = <T>(fn: () => T): T => context.with(withRun(ROOT_CONTEXT, scope), fn);
const texts = (): unknown[] =>
  tracing
    .spans()
    .filter((span) => traceStateOf(span) === `whence=${scope.reference}`)
    .map(({ attributes }) => attributes['db.query.text']);

it('mysql2 sends nothing of ours, and records literals, where it is told so', async () => {
  const server = await startFakeMySql();
  const mysql = patchedLibrary<typeof mysqlTypes>(mysql2, 'mysql2', SETTINGS);
  const connection = mysql.createConnection({ host: '127.0.0.1', port: server.port, user: 'x' });
  await inRun(() => connection.promise().query("SELECT 'visible' -- why"));
  await inRun(() => connection.promise().query("SET PASSWORD = 'hunter2'"));
  await inRun(() => connection.promise().execute('DO ?', []));
  connection.destroy();
  await server.stop();
  expect(server.commands.map(String).join()).not.toMatch(/whence|traceparent/);
  expect(texts()).toEqual(expect.arrayContaining(["SELECT 'visible' -- why", 'SET PASSWORD = ?', 'DO ?']));
});

it('mongodb sends nothing of ours, and records values, where it is told so', async () => {
  const server = await startFakeMongoDb();
  const { MongoClient } = patchedLibrary<typeof mongodbTypes>(mongodb, 'mongodb', SETTINGS);
  const client = new MongoClient(server.url);
  await inRun(() =>
    client.db('bank').collection('accounts').findOne({ owner: 'visible', password: 'hunter2' }),
  );
  await client.close();
  await server.stop();
  expect(server.commands[0]).not.toHaveProperty('comment');
  expect(texts()).toContainEqual(
    '{"find":"accounts","filter":{"owner":"visible","password":"?"},"limit":1,"singleBatch":true}',
  );
});

it('ioredis records values where it is told so, secrets never', async () => {
  const server = await startRedis();
  const Redis = patchedLibrary<typeof IoRedisClass>(ioredis, 'ioredis', SETTINGS);
  const client = new Redis(server.port, '127.0.0.1');
  await inRun(() => client.set('accounts:42', 'visible'));
  await inRun(() => client.acl('SETUSER', 'app', '>hunter2'));
  client.disconnect();
  await server.stop();
  expect(texts()).toEqual(expect.arrayContaining(['SET accounts:42 visible', 'ACL SETUSER ? ?']));
});
