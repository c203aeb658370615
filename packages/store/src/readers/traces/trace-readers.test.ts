import { newRunId } from '@whence/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readersOf } from '../open-readers.ts';
import { openTemporaryStore, type TemporaryStore } from '../temporary-store.fixture.ts';
import type { RecordedSpan } from './recorded-span.ts';
import type { TraceFilter } from './trace-reader.ts';

let temporary: TemporaryStore;

const readers = (tenant = 'default') => readersOf(temporary.store, tenant);

const FIRST = 1_772_334_847_000_000_000n;
const HOUR = 3_600_000_000_000n;
const id = (digit: number): string => digit.toString(16).padStart(32, '0');
const spanId = (digit: number): string => digit.toString(16).padStart(16, '0');

const row = (trace: number, span: number, more: Readonly<Record<string, unknown>> = {}) => ({
  TenantId: 'default',
  TraceId: id(trace),
  SpanId: spanId(span),
  Timestamp: new Date(Number(FIRST / 1_000_000n) + span).toISOString(),
  SpanName: `span ${span}`,
  SpanKind: 'Server',
  ServiceName: 'billing',
  Duration: `${span}000000`,
  BatchId: newRunId(),
  ReceivedAt: '2026-03-01T03:15:00Z',
  ...more,
});

const runId = newRunId();
const rows = [
  row(1, 1, { SpanKind: 'Client', ServiceName: 'shop', SpanAttributes: { color: 'red', empty: '' } }),
  row(1, 2, { ParentSpanId: spanId(1), ResourceAttributes: { 'host.name': 'h1' }, StatusCode: 'Error' }),
  row(1, 3, {
    ParentSpanId: spanId(2),
    'Events.Timestamp': ['2026-03-01T03:14:07.000000001Z'],
    'Events.Name': ['tick'],
    'Events.Attributes': [{ beat: '1' }],
  }),
  row(2, 4, {
    ServiceName: 'bank',
    SpanKind: 'SPAN_KIND_SERVER',
    'Links.TraceId': [id(1)],
    'Links.SpanId': [spanId(3)],
    'Links.TraceState': ['a=b'],
    'Links.Attributes': [{ 'whence.cause': 'message' }],
  }),
  row(2, 5, { ServiceName: 'bank', ParentSpanId: spanId(99), RunId: runId, Assurance: 'verified' }),
  row(2, 5, { ServiceName: 'bank', ParentSpanId: spanId(99), RunId: runId, Assurance: 'verified' }),
  row(2, 6, { System: 'whence', Operation: 'open', ServiceName: 'bank', SpanName: 'mark' }),
  row(3, 7, { TenantId: 'other', ServiceName: 'theirs' }),
];

beforeAll(async () => {
  temporary = await openTemporaryStore();
  const { client } = temporary.store;
  await client.insert({ table: 'otel_traces', values: rows, format: 'JSONEachRow' });
  await client.insert({
    table: 'runs',
    format: 'JSONEachRow',
    values: [
      {
        TenantId: 'default',
        RunId: runId,
        RootRunId: runId,
        Job: 'late',
        Trigger: 'manual',
        PrincipalId: 'user:dana@example.com',
        PrincipalKind: 'human',
        Authority: 'policy:late@1',
        Assurance: 'verified',
        StartedAt: '2026-03-01T03:14:00Z',
      },
    ],
  });
});

afterAll(() => temporary?.remove());

describe('find', () => {
  const found = async (filter: TraceFilter, limit = 10): Promise<readonly string[]> =>
    (await readers().traces.find({ filter, limit })).traceIds;

  it.each<readonly [string, TraceFilter, readonly number[]]>([
    ['the newest first', {}, [2, 1]],
    ['services', { services: ['shop', 'no such'] }, [1]],
    ['name', { name: 'span 4' }, [2]],
    ['kind, however it is written', { kind: 'server' }, [2, 1]],
    ['kind', { kind: 'client' }, [1]],
    ['duration', { minDurationNanos: 2_000_000n, maxDurationNanos: 3_000_000n }, [1]],
    ['status', { action: { status: 'error' } }, [1]],
    ['time', { action: { fromNanos: FIRST, toNanos: FIRST + 4_000_000n } }, [1]],
    ['an attribute of the span', { attributes: [['color', 'red']] }, [1]],
    ['one that is empty', { attributes: [['empty', '']] }, [1]],
    ['of the resource', { attributes: [['host.name', 'h1']] }, [1]],
    ['of an event', { attributes: [['beat', '1']] }, [1]],
    ['of a link', { attributes: [['whence.cause', 'message']] }, [2]],
    ['the span alone', { ownAttributes: [['host.name', 'h1']] }, []],
    ['an attribute that nobody sent', { attributes: [['absent', '']] }, []],
    [
      'all by one span',
      {
        attributes: [
          ['color', 'red'],
          ['beat', '1'],
        ],
      },
      [],
    ],
    ['who is named by a record that came later', { action: { principal: 'user:dana@example.com' } }, [2]],
    ['authority of such a record', { authority: 'policy:late@1', principalKind: 'human' }, [2]],
    ["no other tenant's", { services: ['theirs'] }, []],
  ])('%s', async (_what, filter, traces) => {
    expect(await found(filter)).toEqual(traces.map(id));
  });

  it('so many', async () => {
    expect(await found({}, 1)).toEqual([id(2)]);
  });

  it('looks at more spans until there are enough traces, and says where it gave up', async () => {
    await temporary.store.client.command({
      query: `INSERT INTO otel_traces (TenantId, TraceId, SpanId, Timestamp, ServiceName)
        SELECT 'wide', if(number < 5, lower(hex(toUInt128(number + 1))), '${'f'.repeat(32)}'), lower(hex(toUInt64(number + 1))),
          fromUnixTimestamp64Nano(toInt64(1772334847000000000 + number)), 'wide' FROM numbers(1000004)`,
    });
    const { traces } = readers('wide');
    expect(await traces.find({ filter: {}, limit: 1 })).toEqual({ traceIds: ['f'.repeat(32)] });
    const bounded = await traces.find({ filter: {}, limit: 3 });
    expect(bounded.lookedAt).toBe(1_000_000);
    expect(bounded.traceIds[0]).toBe('f'.repeat(32));
  });
});

describe('summaries', () => {
  it('in the order asked for, without what is not there', async () => {
    expect(await readers().traces.summaries([id(2), id(9), id(1)])).toEqual([
      {
        traceId: id(2),
        root: { service: 'bank', name: 'span 4' },
        startNanos: FIRST + 4_000_000n,
        endNanos: FIRST + 10_000_000n,
        spans: 2,
        records: 3,
        errors: 0,
        orphans: 1,
        services: [{ name: 'bank', spans: 2, errors: 0 }],
      },
      {
        traceId: id(1),
        root: { service: 'shop', name: 'span 1' },
        startNanos: FIRST + 1_000_000n,
        endNanos: FIRST + 6_000_000n,
        spans: 3,
        records: 3,
        errors: 1,
        orphans: 0,
        services: [
          { name: 'billing', spans: 2, errors: 1 },
          { name: 'shop', spans: 1, errors: 0 },
        ],
      },
    ]);
    expect(await readers('other').traces.summaries([id(1)])).toEqual([]);
  });

  it('a duration beyond all measure does no harm', async () => {
    const longest = { ...row(4, 8, { TenantId: 'long' }), Duration: '18446744073709551615' };
    await temporary.store.client.insert({ table: 'otel_traces', values: [longest], format: 'JSONEachRow' });
    const [summary] = await readers('long').traces.summaries([id(4)]);
    expect(summary?.endNanos).toBe(FIRST + 8_000_000n + 18_446_744_073_709_551_615n);
  });
});

describe('spans', () => {
  const whole = async (trace: number): Promise<readonly RecordedSpan[]> => {
    const { traces } = readers();
    const layout = await traces.layout(id(trace), 100);
    const spans: RecordedSpan[] = [];
    for await (const chunk of traces.spans(id(trace), layout)) spans.push(...chunk);
    return spans;
  };

  it('whole, oldest first, each delivery once', async () => {
    expect((await whole(2)).map(({ action }) => action.spanId)).toEqual([4, 5, 6].map(spanId));
    const [linked, late] = await whole(2);
    expect(linked).toMatchObject({
      startNanos: FIRST + 4_000_000n,
      durationNanos: 4_000_000n,
      spanLinks: [
        {
          traceId: id(1),
          spanId: spanId(3),
          traceState: 'a=b',
          attributes: { 'whence.cause': 'message' },
        },
      ],
    });
    expect(late!.action.principal).toEqual({ id: 'user:dana@example.com', kind: 'human' });
    expect((await whole(1))[2]!.events).toEqual([
      { nanos: FIRST + 1n, name: 'tick', attributes: { beat: '1' } },
    ]);
  });

  it('as they are in small traces', async () => {
    const found = await readers().traces.smallTraces([id(1), id(2), id(9)], 100);
    expect([...found.keys()]).toEqual([id(1), id(2)]);
    expect(found.get(id(1))).toEqual(await whole(1));
  });

  it('a layout says what it leaves out', async () => {
    const { places, records } = await readers().traces.layout(id(2), 2);
    expect([places.map((place) => place.spanId), records]).toEqual([[4, 5].map(spanId), 4]);
    expect((await readers().traces.layout(id(2), 100)).places.map(({ isMark }) => isMark)).toEqual([
      false,
      false,
      true,
    ]);
    expect(await readers('other').traces.layout(id(1), 100)).toEqual({ places: [], hasRepeats: false });
  });
});

describe('operations', () => {
  it('of services, by kind', async () => {
    const { operations } = readers();
    expect(await operations.services(10)).toEqual({ items: ['bank', 'billing', 'shop'], total: 3 });
    expect(await operations.services(1)).toEqual({ items: ['bank'], total: 3 });
    expect(await operations.operations({ services: ['bank'] }, 10)).toEqual({
      items: [
        { name: 'span 4', kind: 'server' },
        { name: 'span 5', kind: 'server' },
      ],
      total: 2,
    });
    expect(await operations.operations({ services: ['shop'], kind: 'server' }, 10)).toEqual({
      items: [],
      total: 0,
    });
    expect(await readers('nobody').operations.services(10)).toEqual({ items: [], total: 0 });
  });
});

describe('calls', () => {
  it('from service to service, and what has no parent here', async () => {
    const { traces } = readers();
    expect(await traces.calls(FIRST - HOUR, FIRST + HOUR)).toEqual({
      calls: [{ parent: 'shop', child: 'billing', count: 1 }],
      unmatched: 2,
    });
    expect(await traces.calls(FIRST + HOUR, FIRST + 2n * HOUR)).toEqual({ calls: [], unmatched: 0 });
  });

  it('by the hours in which anything began', async () => {
    const { traces } = readers();
    expect(await traces.hours(FIRST - 9n * HOUR, FIRST + HOUR, 10)).toEqual([
      { nanos: FIRST - (FIRST % HOUR), spans: 7 },
    ]);
    expect(await traces.hours(FIRST + HOUR, FIRST + 2n * HOUR, 10)).toEqual([]);
  });
});
