import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AskedService, startAskedService } from '../asked-service.fixture.ts';
import { insertGraph, newTraceId, span } from '../lineage/graph.fixture.ts';
import type { FirstAnswer } from './as-viewers-draw.fixture.ts';
import { shareOf } from './found-traces.ts';

/** A trace of more spans than an answer holds, and small ones that are older. */
let asked: AskedService;

const LARGE = newTraceId();
const SPANS = 60_000;
const small = [span({ ServiceName: 'small' }), span({ ServiceName: 'small' })];

beforeAll(async () => {
  asked = await startAskedService();
  await insertGraph(asked.temporary.store, { spans: small.map(stored), runs: [] });
  await asked.temporary.store.client.command({
    query: `INSERT INTO otel_traces (TenantId, TraceId, SpanId, ParentSpanId, Timestamp, SpanName, SpanKind, ServiceName, Duration, ReceivedAt)
      SELECT 'default', '${LARGE}', lower(hex(toUInt64(number + 1))), if(number = 0, '', lower(hex(toUInt64(1)))),
        fromUnixTimestamp64Nano(toInt64(1772334900000000000 + intDiv(number, 7) * 1000)), 'span', 'Internal', 'large', 1000, now64(3)
      FROM numbers(${SPANS})`,
  });
});

afterAll(() => asked?.remove());

const stored = (each: (typeof small)[number]) => ({ ...each, row: { ...each.row, SpanId: each.spanId } });

const get = async (path: string) => (await asked.get<FirstAnswer>(path)).body;

test('is cut, and says how much is left out, where viewers show it', async () => {
  const body = await get(`/api/traces/${LARGE}`);
  const { spans, warnings } = body.data[0]!;
  expect(spans).toHaveLength(50_000);
  expect(new Set(spans.map(({ spanID }) => spanID)).size).toBe(50_000);
  expect(spans.map(({ startTime }) => startTime)).toEqual(
    spans.map(({ startTime }) => startTime).sort((a, b) => a - b),
  );
  expect(warnings).toEqual([expect.stringContaining('10000 of the 60000 records')]);
  expect(spans[0]!.warnings).toEqual(warnings);
});

test('is cut among others as well: they are whole', async () => {
  const { data, warnings } = await get('/api/traces?start=1&limit=10');
  expect(warnings).toBeUndefined();
  expect(data.map(({ spans }) => spans.length)).toEqual([49_998, 1, 1]);
  expect(data[0]!.warnings).toEqual([expect.stringContaining('10002 of the 60000 records')]);
});

test('is summed up whole', async () => {
  const { body } = await asked.get<{ summaries: readonly { spanCount: number }[] }>(
    '/api/v3/trace-summaries?query.startTimeMin=1970-01-01T00:00:00Z&query.startTimeMax=2100-01-01T00:00:00Z',
  );
  expect(body.summaries.map(({ spanCount }) => spanCount)).toEqual([SPANS, 1, 1]);
});

test('one who leaves in the middle is left alone', async () => {
  const leaving = new AbortController();
  const response = await fetch(`${asked.service.url}/api/traces/${LARGE}`, { signal: leaving.signal });
  expect((await response.body!.getReader().read()).done).toBe(false);
  leaving.abort();
  expect((await asked.get('/api/services')).status).toBe(200);
});

test('small ones leave what they do not need to large ones', () => {
  expect(shareOf(100, [10, 20])).toBe(100);
  expect(shareOf(100, [10, 200])).toBe(90);
  expect(shareOf(100, [200, 10, 300])).toBe(45);
  expect(shareOf(2, [5, 5, 5])).toBe(1);
  expect(shareOf(100, [])).toBe(100);
});
