import { context, ROOT_CONTEXT, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { formatReference, newRunId } from '@whence/model';
import type { Redis as IoRedisClass } from 'ioredis';
import type redisTypes from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { current } from '../../runs/active-run.ts';
import { type RunScope, scopeOf, withRun } from '../../runs/run-scope.ts';
import { patchedLibrary } from '../../testkit/patched-library.ts';
import { type Redis, startRedis } from '../../testkit/redis.ts';
import { startTracing, type Tracing, traceStateOf } from '../../testkit/tracing.ts';
import { ioredis as tracedIoredis } from './ioredis.ts';
import { redis as tracedRedis } from './redis.ts';

let tracing: Tracing;
let server: Redis;
let redis: typeof redisTypes;
let IoRedis: typeof IoRedisClass;
beforeAll(async () => {
  server = await startRedis();
  tracing = startTracing();
  redis = patchedLibrary(tracedRedis, 'redis');
  IoRedis = patchedLibrary(tracedIoredis, 'ioredis');
});
afterAll(async () => {
  tracing?.stop();
  await server?.stop();
});

const newScope = () => scopeOf(formatReference({ runId: newRunId() }))!;
const [A, B] = [newScope(), newScope()];
const inRun = <T>(scope: RunScope | undefined, fn: () => T): T =>
  scope === undefined ? fn() : context.with(withRun(ROOT_CONTEXT, scope), fn);
const spansOf = (text: string): ReadableSpan[] =>
  tracing.spans().filter((span) => span.attributes['db.query.text'] === text);
/** The run of the one span with that text. */
const runOf = (text: string): string | undefined => {
  expect(spansOf(text)).toHaveLength(1);
  return traceStateOf(spansOf(text)[0]!);
};
const member = (scope: RunScope) => `whence=${scope.reference}`;

describe('node-redis', () => {
  it('makes an action of a command, of the run that called, without its values', async () => {
    const client = await inRun(B, () => redis.createClient({ url: server.url }).connect());
    await inRun(A, () => client.set('accounts:42', 'hunter2'));
    await inRun(A, () => client.hSet('carts', { owner: 'hunter2' }));
    await inRun(A, () => client.lPush('accounts:42', 'hunter2').catch(() => {}));
    await client.get('nobodys');
    expect(runOf('SET accounts:? ?')).toBe(member(A));
    expect(spansOf('SET accounts:? ?')[0]!.attributes).toMatchObject({
      'db.system.name': 'redis',
      'db.operation.name': 'SET',
    });
    expect(runOf('GET nobodys')).toBeUndefined();
    expect(spansOf('LPUSH accounts:? ?')[0]!.status.code).toBe(SpanStatusCode.ERROR);
    await client.close();
  });

  it('calls listeners of messages in nobody’s context, whoever opened the connection', async () => {
    const subscriber = await inRun(A, () => redis.createClient({ url: server.url }).connect());
    const publisher = await redis.createClient({ url: server.url }).connect();
    const heard = new Promise((resolve) =>
      inRun(A, () => subscriber.subscribe('news', () => resolve(current()?.runId))).then(() =>
        inRun(B, () => publisher.publish('news', 'x')),
      ),
    );
    expect(await heard).toBeUndefined();
    await Promise.all([subscriber.close(), publisher.close()]);
  });

  it('keeps runs apart that wait for a client of the same pool', async () => {
    const pool = redis.createClientPool({ url: server.url }, { minimum: 1, maximum: 1 });
    await pool.connect();
    await Promise.all([
      inRun(B, () => pool.execute((client) => client.get('pool.b'))),
      inRun(A, () => pool.execute((client) => client.get('pool.a'))),
      pool.get('pool.nobody'),
      inRun(A, () => pool.get('pool.aa')),
    ]);
    expect(runOf('GET pool.b')).toBe(member(B));
    expect(runOf('GET pool.a')).toBe(member(A));
    expect(runOf('GET pool.nobody')).toBeUndefined();
    expect(runOf('GET pool.aa')).toBe(member(A));
    pool.destroy();
  });

  it('takes each command of a transaction as of the run that added it', async () => {
    const client = await redis.createClient({ url: server.url }).connect();
    const multi = client.multi();
    inRun(A, () => multi.set('multi.a', '1'));
    inRun(B, () => multi.set('multi.b', '1'));
    await inRun(B, () => multi.exec());
    expect(runOf('SET multi.a ?')).toBe(member(A));
    expect(runOf('SET multi.b ?')).toBe(member(B));
    await client.close();
  });
});

describe('ioredis', () => {
  it('makes one action of a command, also where it waited for the connection', async () => {
    const client = inRun(B, () => new IoRedis(server.port, '127.0.0.1'));
    await inRun(A, () => client.set('io:42', 'hunter2'));
    await client.get('io.nobodys');
    await inRun(A, () => client.lpush('io:42', 'hunter2').catch(() => {}));
    expect(runOf('SET io:? ?')).toBe(member(A));
    expect(runOf('GET io.nobodys')).toBeUndefined();
    client.disconnect();
  });

  it('calls listeners of messages in nobody’s context, whoever opened the connection', async () => {
    const subscriber = inRun(A, () => new IoRedis(server.port, '127.0.0.1', { lazyConnect: true }));
    await inRun(A, () => subscriber.subscribe('io.news'));
    const heard = new Promise((resolve) => subscriber.on('message', () => resolve(current()?.runId)));
    const publisher = new IoRedis(server.port, '127.0.0.1');
    await inRun(B, () => publisher.publish('io.news', 'x'));
    expect(await heard).toBeUndefined();
    for (const each of [subscriber, publisher]) each.disconnect();
  });

  it('marks what one run put into a pipeline and another sends, and gives it to neither', async () => {
    const client = new IoRedis(server.port, '127.0.0.1');
    const pipeline = client.pipeline();
    inRun(A, () => pipeline.set('pipe.a', '1'));
    inRun(B, () => pipeline.set('pipe.b', '1'));
    pipeline.set('pipe.nobody', '1');
    await inRun(B, () => pipeline.exec());
    expect(runOf('SET pipe.a ?')).toBeUndefined();
    expect(spansOf('SET pipe.a ?')[0]!.attributes['whence.attribution']).toBe('conflict');
    expect(runOf('SET pipe.b ?')).toBe(member(B));
    expect(spansOf('SET pipe.b ?')[0]!.attributes['whence.attribution']).toBeUndefined();
    client.disconnect();
  });

  it('keeps runs apart whose calls it pipelines by itself', async () => {
    const client = new IoRedis(server.port, '127.0.0.1', { enableAutoPipelining: true });
    await client.get('auto.first');
    await Promise.all([
      inRun(A, () => client.get('auto.a')),
      inRun(B, () => client.get('auto.b')),
      client.get('auto.nobody'),
    ]);
    expect(runOf('GET auto.a')).toBe(member(A));
    expect(runOf('GET auto.b')).toBe(member(B));
    expect(runOf('GET auto.nobody')).toBeUndefined();
    client.disconnect();
  });
});

describe('what is recorded', () => {
  it('has no password and no value', async () => {
    const client = await redis.createClient({ url: server.url }).connect();
    const io = new IoRedis(server.port, '127.0.0.1');
    for (const args of [
      ['CONFIG', 'SET', 'requirepass', ''],
      ['ACL', 'SETUSER', 'app', '>hunter2'],
      ['AUTH', 'app', 'hunter2'],
      ['FOO', 'hunter2'],
    ]) {
      await client.sendCommand(args).catch(() => {});
      await io.call(args[0]!, ...args.slice(1)).catch(() => {});
    }
    const wrong = new IoRedis(server.port, '127.0.0.1', { username: 'x', password: 'hunter2' });
    wrong.on('error', () => {});
    await wrong.get('a').catch(() => {});
    for (const each of [io, wrong]) each.disconnect();
    await client.close();
    const recorded = tracing
      .spans()
      .map(({ name, attributes, status, events }) => ({ name, attributes, status, events }));
    expect(recorded.length).toBeGreaterThan(10);
    expect(JSON.stringify(recorded)).not.toContain('hunter2');
  });
});
