import { context, ROOT_CONTEXT, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { formatReference, newRunId } from '@whence/model';
import type mysqlTypes from 'mysql2';
import type { Pool as PromisePool, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { current } from '../../runs/active-run.ts';
import { scopeOf, withRun } from '../../runs/run-scope.ts';
import { startFakeMySql } from '../../testkit/fake-mysql.ts';
import { type MariaDb, startMariaDb } from '../../testkit/mariadb.ts';
import { patchedLibrary } from '../../testkit/patched-library.ts';
import { startTracing, type Tracing, traceStateOf } from '../../testkit/tracing.ts';
import { mysql2 as tracedMysql2 } from './mysql2.ts';

let tracing: Tracing;
let mariadb: MariaDb;
let mysql: typeof mysqlTypes;
let pool: mysqlTypes.Pool;
let promised: PromisePool;
beforeAll(async () => {
  mariadb = await startMariaDb();
  tracing = startTracing();
  mysql = patchedLibrary(tracedMysql2, 'mysql2');
  pool = mysql.createPool({ ...mariadb.settings, connectionLimit: 1 });
  promised = pool.promise();
  await promised.query('CREATE TABLE accounts (id INT PRIMARY KEY, owner TEXT)');
});
afterAll(async () => {
  await promised?.end();
  tracing?.stop();
  await mariadb?.stop();
});

const newScope = () => scopeOf(formatReference({ runId: newRunId() }))!;
const [A, B] = [newScope(), newScope()];
const inRun = <T>(scope: typeof A | undefined, fn: () => T): T =>
  scope === undefined ? fn() : context.with(withRun(ROOT_CONTEXT, scope), fn);
const spansOf = (text: string): ReadableSpan[] =>
  tracing.spans().filter((span) => span.attributes['db.query.text'] === text);
const value = async (rows: Promise<unknown>): Promise<unknown> => {
  const [[row]] = (await rows) as [RowDataPacket[]];
  return Object.values(row!)[0];
};
/** The statement as the server has it, comments and all. */
const SENT = 'SELECT info FROM information_schema.processlist WHERE id = CONNECTION_ID()';
const referenceIn = (sent: unknown): string | undefined =>
  /tracestate='whence%3D([^']+)'/.exec(String(sent))?.[1];

/** Held by B while `fn` has to wait for it. */
const whileHeldByB = async <T>(fn: () => Promise<T>): Promise<T> => {
  const connection = await inRun(B, () => promised.getConnection());
  const waiting = fn();
  await inRun(B, async () => {
    await connection.query('SELECT 1');
    connection.release();
  });
  return waiting;
};

describe('a statement that waits for a connection', () => {
  it.each([
    ['a run', A],
    ['nobody', undefined],
  ])('is of %s that called it, not of the one that released it', async (who, scope) => {
    const text = `${SENT} AND '${who}' <> ?`;
    const sent = await value(whileHeldByB(() => inRun(scope, () => promised.query(text, ['x']))));
    expect(referenceIn(sent)).toBe(scope?.reference);
    expect(traceStateOf(spansOf(`${SENT} AND ? <> ?`).at(-1)!)).toBe(
      scope === undefined ? undefined : `whence=${scope.reference}`,
    );
  });

  it.each([
    ['a run', A],
    ['nobody', undefined],
  ])('calls %s back where it asked', async (_who, scope) => {
    const seen: unknown[] = [];
    const note = () => seen.push(current()?.runId);
    await whileHeldByB(
      () =>
        new Promise<void>((resolve, reject) => {
          inRun(scope, () => {
            pool.query('SELECT 1', (error) => (error ? reject(error) : note()));
            pool.query('SELECT 1').on('result', note);
            pool.execute('SELECT 1', (error) => (error ? reject(error) : note()));
            pool.getConnection((error, connection) => {
              if (error) return reject(error);
              note();
              connection.query('SELECT 1', () => {
                note();
                connection.release();
                resolve();
              });
            });
          });
        }),
    );
    expect(seen).toEqual(Array(5).fill(scope?.runId));
  });

  it('is of its run through a cluster of pools too', async () => {
    const cluster = mysql.createPoolCluster();
    cluster.add('one', { ...mariadb.settings, connectionLimit: 1 });
    const answers = await Promise.all(
      [A, undefined, B, A, B].map((scope) =>
        inRun(
          scope,
          () =>
            new Promise((resolve) => {
              cluster.of('*').query(SENT, (_error: unknown, rows: RowDataPacket[]) => {
                resolve([referenceIn(rows[0]!['info']), current()?.reference]);
              });
            }),
        ),
      ),
    );
    expect(answers).toEqual([A, undefined, B, A, B].map((scope) => [scope?.reference, scope?.reference]));
    await new Promise((resolve) => cluster.end(resolve));
  });
});

describe('a prepared statement', () => {
  const session = 'SELECT @whence_tracestate';
  const prepared = (scope: typeof A | undefined) => value(inRun(scope, () => promised.execute(session)));

  it('finds its own run in the session, or none, and is prepared once', async () => {
    await prepared(undefined);
    const before = mariadb.log().length;
    for (const scope of [A, A, B, undefined, undefined, A]) {
      expect(await prepared(scope)).toBe(scope === undefined ? null : `whence=${scope.reference}`);
    }
    const log = mariadb.log().slice(before);
    expect(log.match(/Prepare\s/g)).toBeNull();
    expect(log.match(/Execute\s+SELECT @whence_tracestate/g)).toHaveLength(6);
    expect(log.match(/SET @whence_tracestate=/g)).toHaveLength(4);
    expect(tracing.spans().filter(({ name }) => name === 'SET')).toEqual([]);
  });

  it('that is held and executed again is an action each time, of the run that executes it', async () => {
    const connection = await promised.getConnection();
    const statement = await inRun(A, () => connection.prepare('SELECT @whence_tracestate, ? AS held'));
    for (const scope of [A, B, undefined]) {
      const found = await value(inRun(scope, () => statement.execute(['hunter2'])));
      expect(found).toBe(scope === undefined ? null : `whence=${scope.reference}`);
    }
    await statement.execute([]).catch(() => {});
    const spans = spansOf('SELECT @whence_tracestate, ? AS held');
    expect(spans.map(traceStateOf)).toEqual([
      `whence=${A.reference}`,
      `whence=${B.reference}`,
      undefined,
      undefined,
    ]);
    expect(spans.map(({ name, status }) => [name, status.code])).toEqual(
      [0, 0, 0, SpanStatusCode.ERROR].map((code) => ['SELECT', code]),
    );
    connection.release();
  });

  it('leaves nothing there for texts of others', async () => {
    await prepared(A);
    expect(await value(inRun(B, () => promised.query(session)))).toBe(`whence=${B.reference}`);
    expect(await value(promised.query(session))).toBeNull();
  });

  it('is not mistaken for another’s after the session was reset', async () => {
    await prepared(A);
    const connection = await promised.getConnection();
    await new Promise((resolve) =>
      (connection.connection as unknown as { reset(done: (error: unknown) => void): void }).reset(resolve),
    );
    connection.release();
    expect(await prepared(A)).toBe(`whence=${A.reference}`);
    const again = await promised.getConnection();
    await again.changeUser({});
    again.release();
    expect(await prepared(undefined)).toBeNull();
    expect(await prepared(A)).toBe(`whence=${A.reference}`);
  });

  it('breaks no transaction, and no rollback takes the run back', async () => {
    const connection = await promised.getConnection();
    await inRun(A, async () => {
      await connection.beginTransaction();
      await connection.execute('INSERT INTO accounts VALUES (?, ?)', [1, 'a']);
      await expect(connection.execute('INSERT INTO accounts VALUES (?, ?)', [1, 'a'])).rejects.toThrow(
        'Duplicate',
      );
    });
    await inRun(B, () => connection.execute('INSERT INTO accounts VALUES (?, ?)', [2, 'b']));
    await connection.rollback();
    expect(await value(inRun(B, () => connection.execute(session)))).toBe(`whence=${B.reference}`);
    expect(await value(connection.query('SELECT COUNT(*) FROM accounts'))).toBe(0);
    connection.release();
  });

  it('is of its run also when many are queued on one connection before it is there', async () => {
    const connection = mysql.createConnection(mariadb.settings);
    const scopes = [A, undefined, B, B, A, undefined];
    const answers = await Promise.all(
      scopes.map((scope) => value(inRun(scope, () => connection.promise().execute(session)))),
    );
    expect(answers).toEqual(
      scopes.map((scope) => (scope === undefined ? null : `whence=${scope.reference}`)),
    );
    connection.destroy();
  });
});

describe('a server that takes query attributes', () => {
  it('is told of the run beside each execution, and its session is left alone', async () => {
    const server = await startFakeMySql();
    const connection = mysql.createConnection({ host: '127.0.0.1', port: server.port, user: 'x' });
    for (const scope of [A, B, undefined]) {
      await inRun(scope, () => connection.promise().execute('DO 1'));
    }
    await inRun(A, () =>
      connection.promise().execute({ sql: 'DO 1', attributes: { tracestate: 'mine', job: 'x' } } as never),
    );
    connection.destroy();
    await server.stop();
    expect(server.commands.map(([command]) => command)).toEqual([22, 23, 23, 23, 23]);
    const [a, b, nobody, mine] = server.commands.slice(1).map(String);
    const spans = spansOf('DO ?');
    expect(a).toContain(`whence=${A.reference}`);
    expect(a).toContain(spans[0]!.spanContext().spanId);
    expect(b).toContain(`whence=${B.reference}`);
    expect(nobody).not.toContain('whence');
    expect(nobody).toContain(spans[2]!.spanContext().spanId);
    expect(mine).toContain('mine');
    expect(mine).not.toContain('whence');
  });
});

describe('a statement of several', () => {
  it('has the results that it would have had', async () => {
    const several = mysql.createConnection({ ...mariadb.settings, multipleStatements: true });
    const one = await inRun(A, () => several.promise().query('SELECT 1 AS a;'));
    expect(one[0]).toEqual([{ a: 1 }]);
    const two = await inRun(A, () => several.promise().query('SELECT 1 AS a; SELECT 2 AS b; '));
    expect(two[0]).toEqual([[{ a: 1 }], [{ b: 2 }]]);
    several.destroy();
  });
});

describe('what is recorded', () => {
  it('has no literal, no parameter, no password, and ends with the statement', async () => {
    await inRun(A, async () => {
      await promised.query("SELECT\n'hunter2'\n,?", ['hunter2']);
      await promised.query("SELECT'hunter2'");
      await promised.query(
        { sql: 'SELECT "hunter2", :a', namedPlaceholders: true } as never,
        { a: 'hunter2' } as never,
      );
      await promised.execute('SELECT ?', ['hunter2']);
      await promised.query("CREATE USER x IDENTIFIED BY 'hunter2'").catch(() => {});
      await promised.query("SELECT 1 FRM 'hunter2'").catch(() => {});
      await new Promise((resolve) =>
        pool.query('SELECT ? AS streamed', ['hunter2']).stream().resume().on('end', resolve),
      );
    });
    const recorded = tracing
      .spans()
      .map(({ name, attributes, status, events }) => ({ name, attributes, status, events }));
    expect(JSON.stringify(recorded)).not.toMatch(/hunter2|bankpass/);
    expect(spansOf('SELECT ? AS streamed')).toHaveLength(1);
    expect(spansOf('SELECT ? FRM ?')[0]?.status.code).toBe(SpanStatusCode.ERROR);
  });

  it('leaves the settings of a query to the caller', async () => {
    const settings = { sql: 'SELECT ?', values: [1] };
    await inRun(A, () => promised.query(settings));
    await inRun(A, () => promised.execute(settings));
    expect(settings).toEqual({ sql: 'SELECT ?', values: [1] });
  });
});
