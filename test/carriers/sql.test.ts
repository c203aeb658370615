import { beforeAll, expect } from 'vitest';
import { type MariaDb, startMariaDb } from '../stage/mariadb.ts';
import { type Postgres, startPostgres } from '../stage/postgres.ts';
import { storeMatrix } from './store-matrix.ts';

let postgres: Postgres;
let mariadb: MariaDb;
beforeAll(async () => {
  [postgres, mariadb] = await Promise.all([startPostgres(), startMariaDb()]);
});

interface Seen {
  readonly text: string;
  readonly prepared: string;
}

storeMatrix('pg', {
  app: 'pg',
  environment: () => ({ DATABASE_URL: postgres.url }),
  system: 'postgresql',
  statements: [
    'SELECT current_query() AS sent, ? AS secret',
    'SELECT name FROM pg_cursors WHERE $1::int = ?',
  ],
  expectSeen: ({ text, prepared }: Seen, { reference, traceId }, [textSpan, preparedSpan]) => {
    expect(text).toContain(
      `/*traceparent='00-${traceId}-${textSpan}-01',tracestate='whence%3D${reference}'*/`,
    );
    expect(prepared).toBe(`whence=${reference},00-${traceId}-${preparedSpan}-01`.slice(0, 63));
    expect(postgres.log()).toContain(`execute find/whence=${reference}`);
  },
});

storeMatrix('mysql2', {
  app: 'mysql2',
  environment: () => ({ DATABASE: JSON.stringify(mariadb.settings) }),
  system: 'mysql',
  statements: [
    'SELECT info, ? FROM information_schema.processlist WHERE id = CONNECTION_ID()',
    'SELECT @whence_tracestate AS carried WHERE ? = ?',
  ],
  expectSeen: ({ text, prepared }: Seen, { reference, traceId }, [textSpan]) => {
    expect(text).toContain(
      `/*traceparent='00-${traceId}-${textSpan}-01',tracestate='whence%3D${reference}'*/`,
    );
    expect(prepared).toBe(`whence=${reference}`);
    expect(mariadb.log()).toContain(`SET @whence_tracestate='whence=${reference}'`);
  },
});
