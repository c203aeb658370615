import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { formatReference, newRunId } from '@whence/model';
import type mongodbTypes from 'mongodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RunScope, scopeOf, withRun } from '../../runs/run-scope.ts';
import { type FakeMongoDb, startFakeMongoDb } from '../../testkit/fake-mongodb.ts';
import { patchedLibrary } from '../../testkit/patched-library.ts';
import { startTracing, type Tracing, traceStateOf } from '../../testkit/tracing.ts';
import { mongodb as tracedMongodb } from './mongodb.ts';
import { withCommandComment } from './mongodb-comment.ts';

let tracing: Tracing;
let server: FakeMongoDb;
let mongodb: typeof mongodbTypes;
let client: mongodbTypes.MongoClient;
let accounts: mongodbTypes.Collection<{ _id: number | string; owner?: string }>;
beforeAll(async () => {
  server = await startFakeMongoDb();
  tracing = startTracing();
  mongodb = patchedLibrary(tracedMongodb, 'mongodb');
  client = new mongodb.MongoClient(server.url, { maxPoolSize: 1, retryWrites: false });
  accounts = client.db('bank').collection('accounts');
});
afterEach(() => {
  server.commands.length = 0;
});
afterAll(async () => {
  await client?.close();
  tracing?.stop();
  await server?.stop();
});

const newScope = () => scopeOf(formatReference({ runId: newRunId() }))!;
const [A, B] = [newScope(), newScope()];
const inRun = <T>(scope: RunScope | undefined, fn: () => T): T =>
  scope === undefined ? fn() : context.with(withRun(ROOT_CONTEXT, scope), fn);
const spansOf = (name: string): ReadableSpan[] => tracing.spans().filter((span) => span.name === name);
const comments = (): [string, string | undefined][] =>
  server.commands.map((command) => [
    Object.keys(command)[0]!,
    command['comment'] === undefined
      ? undefined
      : (/tracestate='whence%3D([^']+)'/.exec(String(command['comment']))?.[1] ?? String(command['comment'])),
  ]);

const everything = async (): Promise<void> => {
  await accounts.insertOne({ _id: `${Math.random()}`, owner: 'hunter2' });
  await accounts.updateOne({ _id: 1 }, { $set: { owner: 'hunter2' } });
  await accounts.findOne({ owner: 'hunter2' });
  await accounts.aggregate([{ $match: { owner: 'hunter2' } }]).toArray();
  await accounts.findOneAndUpdate({ _id: 1 }, { $set: { owner: 'hunter2' } });
  await accounts.distinct('owner');
  await accounts.estimatedDocumentCount();
  await accounts.deleteOne({ owner: 'hunter2' });
};
const ALL = ['insert', 'update', 'find', 'aggregate', 'findAndModify', 'distinct', 'count', 'delete'];

describe('a command', () => {
  it('names its run in its comment, and is an action without its values', async () => {
    await inRun(A, everything);
    expect(comments()).toEqual(ALL.map((name) => [name, A.reference]));
    const [insert] = spansOf('insert accounts');
    expect(insert!.attributes).toMatchObject({
      'db.system.name': 'mongodb',
      'db.namespace': 'bank',
      'db.operation.name': 'insert',
      'db.collection.name': 'accounts',
      'db.query.text': '{"insert":"accounts","documents":[{"_id":"?","owner":"?"}],"ordered":"?"}',
    });
    expect(traceStateOf(insert!)).toBe(`whence=${A.reference}`);
    expect(String(server.commands[0]!['comment'])).toContain(insert!.spanContext().spanId);
    expect(JSON.stringify(tracing.spans().map(({ attributes }) => attributes))).not.toContain('hunter2');
  });

  it('keeps a comment of the caller’s', async () => {
    await inRun(A, () => accounts.findOne({}, { comment: 'mine' }));
    expect(comments()).toEqual([['find', 'mine']]);
  });

  it.each([
    ['find', 8, true],
    ['aggregate', 8, true],
    ['insert', 8, false],
    ['getMore', 8, false],
    ['insert', 9, true],
    ['getMore', 9, true],
    ['createUser', 25, false],
    ['ping', 25, false],
  ])('%s to a server of wire version %i: %s', (name, maxWireVersion, isAllowed) => {
    const command = { [name]: 'x' };
    expect(withCommandComment(command, 'c', maxWireVersion)).toEqual({
      ...command,
      ...(isAllowed ? { comment: 'c' } : {}),
    });
  });

  it('is sent without one where the server refuses that, once and for all', async () => {
    const own = await startFakeMongoDb();
    own.behaviour.refusesComments = true;
    const other = new mongodb.MongoClient(own.url, { retryWrites: false });
    const collection = other.db('bank').collection<{ _id: number }>('accounts');
    expect(await inRun(A, () => collection.insertOne({ _id: 1 }))).toMatchObject({ acknowledged: true });
    await inRun(A, () => collection.insertOne({ _id: 2 }));
    expect(own.commands.filter(({ insert }) => insert).map(({ comment }) => comment !== undefined)).toEqual([
      true,
      false,
      false,
    ]);
    await other.close();
    await own.stop();
  });

  it('is of the run that called, also where it waits for a connection', async () => {
    await Promise.all(
      [A, B, undefined, B, A].map((scope, i) =>
        inRun(scope, () => accounts.find({}, { batchSize: i + 10 }).toArray()),
      ),
    );
    const seen = server.commands.map((command) => [
      Number(command['batchSize']) - 10,
      /tracestate='whence%3D([^']+)'/.exec(String(command['comment']))?.[1],
    ]);
    expect(seen.sort()).toEqual([A, B, undefined, B, A].map((scope, i) => [i, scope?.reference]));
  });

  it('says that it failed, without the values', async () => {
    await accounts.insertOne({ _id: 'twice-hunter2' });
    await inRun(A, () => client.db('bank').command({ nope: 'hunter2' })).catch(() => {});
    await inRun(A, () => accounts.insertOne({ _id: 'twice-hunter2' })).catch(() => {});
    const recorded = tracing
      .spans()
      .map(({ attributes, status, events }) => ({ attributes, status, events }));
    expect(JSON.stringify(recorded)).not.toContain('hunter2');
  });
});

describe('a cursor', () => {
  const many = async () => {
    for (let i = 0; i < 4; i++) await accounts.insertOne({ _id: `many ${i} ${Math.random()}` });
    server.commands.length = 0;
  };

  it('names its run in each batch', async () => {
    await many();
    await inRun(A, () => accounts.find({}, { batchSize: 3 }).toArray());
    expect(new Set(comments().map(([, reference]) => reference))).toEqual(new Set([A.reference]));
    expect(comments().map(([name]) => name)).toContain('getMore');
  });

  it('that one run made and another reads is marked, and names neither', async () => {
    await many();
    const cursor = inRun(A, () => accounts.find({ _id: 'conflict' }));
    const before = spansOf('find accounts').length;
    await inRun(B, () => cursor.toArray());
    expect(server.commands.map(({ comment }) => String(comment).includes('whence'))).toEqual([false]);
    const span = spansOf('find accounts')[before]!;
    expect(span.attributes['whence.attribution']).toBe('conflict');
    expect(traceStateOf(span)).toBeUndefined();
  });

  it('that a run made and nobody reads is the run’s', async () => {
    const cursor = inRun(A, () => accounts.find({}));
    await cursor.toArray();
    expect(comments()).toEqual([['find', A.reference]]);
  });
});

describe('what the driver does by itself', () => {
  it('is no action, and no password is recorded', async () => {
    const wrong = new mongodb.MongoClient(server.url.replace('//', '//app:hunter2@'), {
      serverSelectionTimeoutMS: 500,
    });
    const before = tracing.spans().length;
    await inRun(A, () => wrong.db('bank').collection('x').findOne({})).catch(() => {});
    await wrong.close();
    const recorded = tracing.spans().slice(before);
    expect(recorded.filter(({ name }) => /sasl|hello|endSessions/.test(name))).toEqual([]);
    expect(JSON.stringify(recorded.map(({ attributes }) => attributes))).not.toContain('hunter2');
  });

  it('creates users without telling what is secret', async () => {
    await inRun(A, () => client.db('bank').command({ createUser: 'app', pwd: 'hunter2', roles: [] }));
    const [span] = tracing.spans().slice(-1);
    expect(span!.attributes['db.query.text']).toBe('{"createUser":"app","pwd":"?","roles":"?"}');
  });
});
