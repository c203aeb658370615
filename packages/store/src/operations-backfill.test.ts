import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrate } from './migrations.ts';
import { readersOf } from './readers/open-readers.ts';
import { openTemporaryStore, type TemporaryStore } from './readers/temporary-store.fixture.ts';

let temporary: TemporaryStore;

beforeAll(async () => {
  temporary = await openTemporaryStore();
});

afterAll(() => temporary?.remove());

const OPERATIONS = 11;

it('operations of what was there before the table was are listed, also where the migration was cut off', async () => {
  const { store } = temporary;
  const { client } = store;
  const span = (name: string) => ({
    TenantId: 'default',
    TraceId: name,
    SpanId: name,
    SpanName: name,
    SpanKind: 'Server',
    ServiceName: 'old',
  });
  const toldAgain = async () => {
    await client.command({
      query: `ALTER TABLE schema_migrations DELETE WHERE Version = ${OPERATIONS} SETTINGS mutations_sync = 2`,
    });
    await migrate(client);
  };
  const listed = async () =>
    (await readersOf(store, 'default').operations.operations({ services: ['old'] }, 10)).items;

  await client.command({ query: 'DROP VIEW operations_mv' });
  await client.insert({ table: 'otel_traces', values: [span('before')], format: 'JSONEachRow' });
  expect(await listed()).toEqual([]);
  await toldAgain();
  await client.insert({ table: 'otel_traces', values: [span('after')], format: 'JSONEachRow' });
  await toldAgain();
  expect(await listed()).toEqual([
    { name: 'after', kind: 'server' },
    { name: 'before', kind: 'server' },
  ]);
});
