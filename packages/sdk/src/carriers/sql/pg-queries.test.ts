import { EventEmitter } from 'node:events';
import { context, ROOT_CONTEXT, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { formatReference, newRunId } from '@whence/model';
import type pgTypes from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { current } from '../../runs/active-run.ts';
import { scopeOf, withRun } from '../../runs/run-scope.ts';
import { patchedLibrary } from '../../testkit/patched-library.ts';
import { type Postgres, startPostgres } from '../../testkit/postgres.ts';
import { startTracing, type Tracing, traceStateOf } from '../../testkit/tracing.ts';
import { pg as tracedPg } from './pg.ts';

let tracing: Tracing;
let postgres: Postgres;
let pg: typeof pgTypes;
let pool: pgTypes.Pool;
beforeAll(async () => {
  postgres = await startPostgres();
  tracing = startTracing();
  pg = patchedLibrary(tracedPg, 'pg');
  pool = new pg.Pool({ connectionString: postgres.url, max: 1 });
  await pool.query('CREATE TABLE accounts (id int PRIMARY KEY, owner text)');
});
afterAll(async () => {
  await pool?.end();
  tracing?.stop();
  await postgres?.stop();
});

const newScope = () => scopeOf(formatReference({ runId: newRunId() }))!;
const [A, B] = [newScope(), newScope()];
const inRun = <T>(scope: typeof A, fn: () => T): T => context.with(withRun(ROOT_CONTEXT, scope), fn);
const spanOf = (text: string): ReadableSpan => {
  const found = tracing.spans().filter((span) => span.attributes['db.query.text'] === text);
  expect(found).toHaveLength(1);
  return found[0]!;
};
const referenceIn = (sent: string): string | undefined =>
  /tracestate='whence%3D([^']+)'/.exec(sent)?.[1] ?? /whence=([^,]+)/.exec(sent)?.[1];

/** Held by B while `fn` has to wait for it. */
const whileHeldByB = async <T>(fn: () => Promise<T>): Promise<T> => {
  const client = await inRun(B, () => pool.connect());
  const waiting = fn();
  await inRun(B, async () => {
    await client.query('SELECT 1');
    client.release();
  });
  return waiting;
};

describe('a query that waits for a connection', () => {
  it('is of the run that called, not of the one that released it', async () => {
    const { rows } = await whileHeldByB(() =>
      inRun(A, () => pool.query('SELECT current_query() AS sent, $1::int AS a1', [1])),
    );
    expect(referenceIn(rows[0].sent)).toBe(A.reference);
    expect(traceStateOf(spanOf('SELECT current_query() AS sent, $1::int AS a1'))).toBe(
      `whence=${A.reference}`,
    );
  });

  it('is nobody’s where nobody called', async () => {
    const { rows } = await whileHeldByB(() =>
      pool.query('SELECT current_query() AS sent, $1::int AS a2', [1]),
    );
    expect(referenceIn(rows[0].sent)).toBeUndefined();
    expect(traceStateOf(spanOf('SELECT current_query() AS sent, $1::int AS a2'))).toBeUndefined();
  });

  it.each([
    ['a run', A],
    ['nobody', undefined],
  ])('calls %s back where it asked', async (_who, scope) => {
    const seen = await whileHeldByB(
      () =>
        new Promise((resolve) => {
          const ask = () =>
            pool.connect((_error, client, release) => {
              const acquired = current()?.runId;
              client!.query('SELECT 1', () => {
                resolve([acquired, current()?.runId]);
                release();
              });
            });
          if (scope === undefined) ask();
          else inRun(scope, ask);
        }),
    );
    expect(seen).toEqual([scope?.runId, scope?.runId]);
  });
});

describe('a connection made in a run', () => {
  it('is nobody’s: what it emits later is not in the run', async () => {
    const client = new pg.Client({ connectionString: postgres.url });
    await inRun(A, async () => {
      await client.connect();
      await client.query('LISTEN news');
    });
    const heard = new Promise((resolve) => client.on('notification', () => resolve(current()?.runId)));
    await pool.query('NOTIFY news');
    expect(await heard).toBeUndefined();
    await client.end();
  });
});

describe('a named statement', () => {
  const named = (n: number, values: unknown[] = [n]) =>
    pool.query({ name: 'find', text: 'SELECT name FROM pg_cursors WHERE $1::int > 0', values });

  it('names in its portal the run that executes it, and is prepared once', async () => {
    const [{ rows: a }, { rows: b }, { rows: nobody }] = [
      await inRun(A, () => named(1)),
      await inRun(B, () => named(2)),
      await named(3),
    ];
    expect(a[0].name).toMatch(new RegExp(`^whence=${A.reference},00-`));
    expect(b[0].name).toMatch(new RegExp(`^whence=${B.reference},00-`));
    expect(nobody[0].name).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    const { rows } = await pool.query(
      "SELECT count(*)::int AS n FROM pg_prepared_statements WHERE name = 'find'",
    );
    expect(rows[0].n).toBe(1);
    expect(postgres.log()).toContain(`execute find/whence=${A.reference}`);
  });

  it('keeps its portal no longer than it is executed: tables are free, also within a transaction', async () => {
    const client = await pool.connect();
    await inRun(A, async () => {
      await client.query('BEGIN');
      for (let i = 0; i < 3; i++) {
        await client.query({ name: 'count', text: 'SELECT count(*) FROM accounts', values: [] });
      }
      await client.query('ALTER TABLE accounts ADD COLUMN balance int');
      expect((await client.query("SELECT name FROM pg_cursors WHERE name <> ''")).rows).toEqual([]);
      await client.query('ROLLBACK');
    });
    client.release();
  });

  it('fails as it would have, and the connection goes on, in a transaction that has failed too', async () => {
    const client = await pool.connect();
    await inRun(A, async () => {
      await client.query('BEGIN');
      const bad = { name: 'bad', text: 'SELECT 1 / $1::int AS x', values: [0] };
      await expect(client.query(bad)).rejects.toThrow('division by zero');
      await expect(client.query(bad)).rejects.toMatchObject({ code: '25P02' });
      await client.query({ name: 'back', text: 'ROLLBACK', values: [] });
      expect((await client.query({ ...bad, values: [1] })).rows).toEqual([{ x: 1 }]);
    });
    client.release();
  });

  it('keeps a portal of the caller’s, and pages of rows', async () => {
    const text = 'SELECT name, n FROM pg_cursors, generate_series(1, 5) n WHERE $1::int > 0';
    const own = { name: 'own', text, values: [1], portal: 'mine' };
    expect((await inRun(A, () => pool.query(own))).rows[0].name).toBe('mine');
    const paged = { name: 'paged', text: `${text} `, values: [1], rows: 2 };
    expect((await inRun(A, () => pool.query(paged))).rows).toHaveLength(5);
  });

  it('is of its run also when many are under way at once', async () => {
    const many = new pg.Pool({ connectionString: postgres.url, max: 2 });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => {
        const scope = i % 2 === 0 ? A : B;
        const config = { name: 'many', text: 'SELECT name FROM pg_cursors WHERE $1::int > 0', values: [1] };
        return inRun(scope, async () => {
          const { rows } = await many.query(config);
          return rows[0].name.includes(scope.reference);
        });
      }),
    );
    expect(answers).not.toContain(false);
    await many.end();
  });

  it('goes through a pipeline', async () => {
    const client = new pg.Client({ connectionString: postgres.url, pipeline: true } as pgTypes.ClientConfig);
    await client.connect();
    const text = 'SELECT name FROM pg_cursors WHERE $1::int > 0';
    const answers = await Promise.all(
      [A, B, A].map((scope) => inRun(scope, () => client.query({ name: 'piped', text, values: [1] }))),
    );
    expect(answers.map(({ rows }) => rows[0].name.slice(7, 7 + A.reference.length))).toEqual(
      [A, B, A].map(({ reference }) => reference),
    );
    await client.end();
  });
});

describe('a query that submits itself', () => {
  /** As pg-cursor and pg-query-stream are: `submit` is a method of the class. */
  class RowByRow extends EventEmitter {
    readonly rows: unknown[] = [];
    readonly seenIn: (string | undefined)[] = [];
    readonly #inner: InstanceType<typeof pg.Query>;

    constructor(text: string) {
      super();
      this.#inner = new pg.Query(text) as InstanceType<typeof pg.Query>;
      (this as { text?: string }).text = text;
    }

    submit(connection: pgTypes.Connection): void {
      (this.#inner as { text?: string }).text = (this as { text?: string }).text!;
      this.#inner.submit(connection);
    }

    handleRowDescription = (message: never) =>
      (this.#inner as never as Handlers).handleRowDescription(message);
    handleDataRow = (message: { fields: unknown[] }) => {
      this.rows.push(message.fields[0]);
      this.emit('row');
    };
    handleCommandComplete() {}
    handleReadyForQuery() {
      this.emit('end');
    }
    handleError(error: Error) {
      this.emit('error', error);
    }
  }
  interface Handlers {
    handleRowDescription(message: never): void;
  }

  it('stays what it is, is carried, and its span ends when it does', async () => {
    const client = await pool.connect();
    const query = new RowByRow('SELECT current_query(), 71');
    const seen: unknown[] = [];
    await inRun(A, () => {
      expect(client.query(query as never)).toBe(query);
      return new Promise((resolve) => {
        query.on('row', () => seen.push(current()?.runId));
        query.on('end', resolve);
      });
    });
    expect(referenceIn(String(query.rows[0]))).toBe(A.reference);
    expect(seen).toEqual([A.runId]);
    expect(traceStateOf(spanOf('SELECT current_query(), ?'))).toBe(`whence=${A.reference}`);
    client.release();
  });

  it('says in its span that it failed, without the values', async () => {
    const client = await pool.connect();
    const query = new pg.Query("SELECT 'hunter2'::int AS failed");
    const failed = new Promise((resolve) => query.on('error', resolve));
    client.query(query);
    await failed;
    expect(spanOf('SELECT ?::int AS failed').status).toEqual({
      code: SpanStatusCode.ERROR,
      message: 'invalid input syntax for type integer: ?',
    });
    client.release();
  });
});

describe('what is recorded', () => {
  it('has no literal, no parameter, no password and no connection string', async () => {
    await inRun(A, async () => {
      await pool.query("SELECT\n'hunter2',\n$1", ['hunter2']).catch(() => {});
      await pool.query("SELECT\t'hunter2'\n");
      await pool.query("ALTER ROLE nobody PASSWORD 'hunter2'").catch(() => {});
      await pool.query("SELECT 'hunter2'::int").catch(() => {});
      await pool.query("SELEKT 'hunter2'").catch(() => {});
      await pool.query({ text: 'SELECT $1::int', values: ['hunter2'] }).catch(() => {});
      const wrong = new pg.Client(postgres.url.replace('bank:bank', 'bank:hunter2'));
      await wrong.connect().catch(() => {});
    });
    const recorded = tracing
      .spans()
      .map(({ name, attributes, status, events }) => ({ name, attributes, status, events }));
    expect(recorded.length).toBeGreaterThan(5);
    expect(JSON.stringify(recorded)).not.toMatch(/hunter2|bank:/);
  });

  it('leaves the settings of a query to the caller', async () => {
    const config = { text: 'SELECT 1', values: [], callback: () => {} };
    const before = { ...config };
    await new Promise<void>((resolve) => {
      pool.query({ ...config, callback: undefined } as never, () => resolve());
    });
    const client = await pool.connect();
    await inRun(A, () => client.query(config as never));
    client.release();
    expect(config).toEqual(before);
  });
});
