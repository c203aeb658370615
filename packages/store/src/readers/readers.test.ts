import { newRunId } from '@whence/model';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../open.ts';
import { type Readers, readersOf } from './open-readers.ts';
import { doneIn, doneInUnknown, hexId, insert, run, runRow, span, TRACE } from './records.fixture.ts';
import { openTemporaryStore, type TemporaryStore } from './temporary-store.fixture.ts';

let temporary: TemporaryStore;
let store: Store;
let readers: Readers;

beforeAll(async () => {
  temporary = await openTemporaryStore();
  store = temporary.store;
  readers = readersOf(store, 'default');
});

afterAll(() => temporary?.remove());

beforeEach(() => temporary.clear());

const spanIds = (records: readonly { action: { spanId: string } }[]): readonly string[] =>
  records.map(({ action }) => action.spanId);

const S = (of: number): string => hexId(16, of);

describe('a span', () => {
  test('every column comes back in the words of the model', async () => {
    const nightly = run();
    await insert(store, 'otel_traces', [
      span(TRACE, S(2), {
        ParentSpanId: S(1),
        Timestamp: '2026-03-01 03:14:07.123456789',
        SpanName: 'UPDATE invoices',
        SpanKind: 'Client',
        StatusCode: 'Error',
        StatusMessage: 'deadlock detected',
        SpanAttributes: {
          'db.query.text':
            "UPDATE invoices SET paid = true /*traceparent='00-aa-bb-01',tracestate='whence%3Dx'*/",
          'other.key': 'x',
        },
        System: 'postgresql',
        Operation: 'UPDATE',
        Target: 'postgresql://db:5432/bank/invoices',
        StatementHash: '17446744073709551615',
        Actor: 'spiffe://demo/billing',
        ...doneIn(nightly),
        'Links.TraceId': ['b'.repeat(32), 'c'.repeat(32)],
        'Links.SpanId': [S(9), S(8)],
        'Links.TraceState': ['', ''],
        'Links.Attributes': [{ 'whence.cause': 'message' }, { 'whence.cause': 'nonsense' }],
      }),
    ]);
    const [found, ...more] = await readers.actions.bySpan({ spanId: S(2) });
    expect(more).toEqual([]);
    expect(found?.action).toEqual({
      traceId: TRACE,
      spanId: S(2),
      parentSpanId: S(1),
      service: 'billing',
      name: 'UPDATE invoices',
      kind: 'client',
      system: 'postgresql',
      operation: 'UPDATE',
      target: 'postgresql://db:5432/bank/invoices',
      statement: 'UPDATE invoices SET paid = true',
      startTime: '2026-03-01T03:14:07.123456789Z',
      durationNanos: 1_500_000,
      status: 'error',
      statusMessage: 'deadlock detected',
      principal: nightly.principal,
      runId: nightly.id,
      rootRunId: nightly.id,
      authority: nightly.authority,
      assurance: 'verified',
      witness: 'sdk',
      actor: 'spiffe://demo/billing',
    });
    expect(found?.statementHash).toBe('17446744073709551615');
    expect(found?.links).toEqual([
      { traceId: 'b'.repeat(32), spanId: S(9), kind: 'message' },
      { traceId: 'c'.repeat(32), spanId: S(8), kind: 'link' },
    ]);
  });

  test('what is not known is absent', async () => {
    await insert(store, 'otel_traces', [span(TRACE, S(1), { ServiceName: '' })]);
    const [found] = await readers.actions.bySpan({ spanId: S(1), traceId: TRACE });
    expect(Object.keys(found?.action ?? {}).sort()).toEqual(
      [
        'assurance',
        'durationNanos',
        'kind',
        'name',
        'spanId',
        'startTime',
        'status',
        'traceId',
        'witness',
      ].sort(),
    );
  });

  test('sent twice is one action, with different contents two in conflict', async () => {
    const sent = span(TRACE, S(1));
    await insert(store, 'otel_traces', [sent]);
    await insert(store, 'otel_traces', [
      { ...sent, BatchId: newRunId(), ReceivedAt: '2026-03-01 03:15:09.000' },
    ]);
    expect(await readers.actions.bySpan({ spanId: S(1) })).toMatchObject([{ conflict: false }]);

    await insert(store, 'otel_traces', [
      { ...sent, StatusMessage: 'not so', ReceivedAt: '2026-03-01 03:15:10.000' },
    ]);
    const found = await readers.actions.bySpan({ spanId: S(1) });
    expect(found).toMatchObject([
      { conflict: true },
      { conflict: true, action: { statusMessage: 'not so' } },
    ]);
  });

  test('the same content from another sender is a conflict', async () => {
    const sent = span(TRACE, S(1), { Actor: 'spiffe://demo/billing' });
    await insert(store, 'otel_traces', [sent, { ...sent, Actor: 'spiffe://demo/mallory' }]);
    expect(await readers.actions.bySpan({ spanId: S(1) })).toHaveLength(2);
  });

  test('no other tenant is seen', async () => {
    await insert(store, 'otel_traces', [span(TRACE, S(1), { TenantId: 'other' })]);
    expect(await readers.actions.bySpan({ spanId: S(1) })).toEqual([]);
    expect(await readers.actions.since()).toBeUndefined();
    expect(await readersOf(store, 'other').actions.since()).toBe('2026-03-01T03:15:00.000Z');
  });
});

describe('who is named by a row that came before its run record', () => {
  test('nobody, until the record is there', async () => {
    const late = run();
    await insert(store, 'otel_traces', [span(TRACE, S(1), doneInUnknown(late.id))]);
    const [before] = await readers.actions.bySpan({ spanId: S(1) });
    expect(before?.action).toMatchObject({ runId: late.id, assurance: 'verified' });
    expect(before?.action.principal).toBeUndefined();

    await insert(store, 'runs', [runRow(late)]);
    const [after] = await readers.actions.bySpan({ spanId: S(1) });
    expect(after?.action).toMatchObject({
      principal: late.principal,
      authority: late.authority,
      rootRunId: late.id,
    });
  });

  test('a claimed record does not speak for a checked reference, but does for a claimed one', async () => {
    const claimed = run({
      assurance: 'asserted',
      principal: { id: 'user:mallory@example.com', kind: 'human' },
    });
    await insert(store, 'runs', [runRow(claimed)]);
    await insert(store, 'otel_traces', [
      span(TRACE, S(1), doneInUnknown(claimed.id)),
      span(TRACE, S(2), doneInUnknown(claimed.id, 'asserted')),
    ]);
    const [checked] = await readers.actions.bySpan({ spanId: S(1) });
    const [asserted] = await readers.actions.bySpan({ spanId: S(2) });
    expect(checked?.action.principal).toBeUndefined();
    expect(asserted?.action.principal?.id).toBe('user:mallory@example.com');
  });

  test('never a refuted reference', async () => {
    const real = run();
    await insert(store, 'runs', [runRow(real)]);
    await insert(store, 'otel_traces', [
      span(TRACE, S(1), {
        RunId: real.id,
        Assurance: 'refuted',
        SpanAttributes: { 'whence.run.id': real.id },
      }),
    ]);
    const [found] = await readers.actions.bySpan({ spanId: S(1) });
    expect(found?.action).toMatchObject({ runId: real.id, assurance: 'refuted' });
    expect(found?.action.principal).toBeUndefined();
    expect(found?.action.rootRunId).toBeUndefined();
    expect(found?.opensRunId).toBeUndefined();
  });
});

describe('what a run tree did', () => {
  test('by root, by run whose record came late, without forgeries; and its totals', async () => {
    const root = run();
    const child = run({ rootId: root.id, parentId: root.id, path: [root.id] });
    const other = run();
    await insert(store, 'runs', [runRow(root), runRow(child), runRow(other)]);
    const retried = span(TRACE, S(2), { ...doneIn(child), StatusCode: 'Error', ServiceName: 'report' });
    await insert(store, 'otel_traces', [
      span(TRACE, S(1), { ...doneIn(root), SpanAttributes: { 'whence.run.id': root.id } }),
      retried,
      { ...retried, BatchId: newRunId() },
      span('b'.repeat(32), S(3), doneInUnknown(child.id)),
      span(TRACE, S(4), doneIn(other)),
      span(TRACE, S(5), doneInUnknown(root.id, 'refuted')),
      span(TRACE, S(6)),
    ]);
    const found = await readers.actions.below(root, 100);
    expect(spanIds(found.records)).toEqual([S(1), S(2), S(3)]);
    expect(found.truncated).toBe(false);
    expect(found.records[0]?.opensRunId).toBe(root.id);
    expect(spanIds((await readers.actions.below(child, 100)).records)).toEqual([S(2), S(3)]);
    expect(await readers.actions.below(root, 2)).toMatchObject({ truncated: true, records: [{}, {}] });
    expect(await readers.actions.totalsBelow(root)).toEqual({
      actions: 3,
      errors: 1,
      runs: 2,
      services: 2,
      refuted: 1,
    });
    expect((await readers.actions.openingOf(root.id))?.action.spanId).toBe(S(1));
    expect(await readers.actions.openingOf(child.id)).toBeUndefined();
    expect((await readers.actions.firstOf(child.id))?.action.spanId).toBe(S(2));
    expect(await readers.actions.firstOf(newRunId())).toBeUndefined();
    expect(await readers.actions.openingOf(newRunId())).toBeUndefined();
  });
});

describe('a trace', () => {
  test('outline and whole, oldest first, bounded', async () => {
    await insert(store, 'otel_traces', [
      span(TRACE, S(3), { ParentSpanId: S(1), Witness: 'gateway' }),
      span(TRACE, S(1)),
      span('b'.repeat(32), S(2)),
    ]);
    expect(await readers.actions.outline(TRACE, 10)).toEqual({
      spans: [
        { spanId: S(1), witness: 'sdk' },
        { spanId: S(3), parentSpanId: S(1), witness: 'gateway' },
      ],
      truncated: false,
    });
    expect(await readers.actions.outline(TRACE, 2)).toMatchObject({ truncated: false });
    expect(await readers.actions.outline(TRACE, 1)).toEqual({ spans: [], truncated: true });
    const whole: string[] = [];
    for await (const chunk of readers.actions.ofTrace(TRACE, 10)) whole.push(...spanIds(chunk));
    expect(whole).toEqual([S(1), S(3)]);
    expect(spanIds(await readers.actions.bySpans(TRACE, [S(3), S(2)]))).toEqual([S(3)]);
  });
});

describe('a trace, whatever its size', () => {
  const OTHER = 'd'.repeat(32);

  test('whole where it is small, each content once; nothing of it where it is larger', async () => {
    const rows = [S(1), S(2), S(3)].map((id) => span(TRACE, id));
    await insert(store, 'otel_traces', [
      ...rows,
      span(OTHER, S(4)),
      span(TRACE, S(5), { TenantId: 'other' }),
    ]);
    await insert(store, 'otel_traces', [{ ...rows[1]!, ReceivedAt: '2026-03-01 03:16:00.000' }]);
    const { records, truncated } = await readers.actions.smallTrace(TRACE, 5);
    expect([new Set(spanIds(records)), records.length, truncated]).toEqual([
      new Set([S(1), S(2), S(3)]),
      3,
      false,
    ]);
    expect(await readers.actions.smallTrace(TRACE, 4)).toEqual({ records: [], truncated: true });
    expect(await readers.actions.smallTrace('e'.repeat(32), 2)).toEqual({ records: [], truncated: false });
  });

  test('begins without a parent, else where the parent is missing, else where it is oldest', async () => {
    const top = async () => (await readers.actions.topOfTrace(TRACE))?.action.spanId;
    expect(await top()).toBeUndefined();
    await insert(store, 'otel_traces', [
      span(TRACE, S(2), { ParentSpanId: S(3) }),
      span(TRACE, S(3), { ParentSpanId: S(2) }),
    ]);
    expect(await top()).toBe(S(2));
    await insert(store, 'otel_traces', [span(TRACE, S(4), { ParentSpanId: S(9) }), span(OTHER, S(9))]);
    expect(await top()).toBe(S(4));
    await insert(store, 'otel_traces', [span(TRACE, S(6)), span(TRACE, S(5))]);
    expect(await top()).toBe(S(5));
  });

  test('who is whose parent, of some spans; and what another witness saw below one', async () => {
    await insert(store, 'otel_traces', [
      span(TRACE, S(1)),
      span(TRACE, S(2), { ParentSpanId: S(1) }),
      span(TRACE, S(3), { ParentSpanId: S(1), Witness: 'gateway' }),
      span(OTHER, S(2), { ParentSpanId: S(8) }),
      span(OTHER, S(4), { ParentSpanId: S(1), Witness: 'gateway' }),
    ]);
    expect(await readers.actions.outlineOf(TRACE, [S(2), S(4), S(7)])).toEqual([
      { spanId: S(2), parentSpanId: S(1), witness: 'sdk' },
    ]);
    const seen = await readers.actions.rightBelow({ traceId: TRACE, spanId: S(1) }, { notBy: 'sdk' }, 10);
    expect(spanIds(seen)).toEqual([S(3)]);
    const all = await readers.actions.rightBelow({ traceId: TRACE, spanId: S(1) }, {}, 10);
    expect(spanIds(all).toSorted()).toEqual([S(2), S(3)]);
  });
});

describe('causes', () => {
  test('both ways, each edge once', async () => {
    const link = (cause: string) => ({
      'Links.TraceId': [TRACE, TRACE],
      'Links.SpanId': [S(1), S(1)],
      'Links.TraceState': ['', ''],
      'Links.Attributes': [{ 'whence.cause': cause }, { 'whence.cause': cause }],
    });
    await insert(store, 'otel_traces', [span(TRACE, S(1)), span('b'.repeat(32), S(2), link('message'))]);
    await insert(store, 'otel_traces', [span('c'.repeat(32), S(3), link(''))]);
    const edge = (traceId: string, spanId: string, kind: string) => ({
      kind,
      cause: { traceId: TRACE, spanId: S(1) },
      effect: { traceId, spanId },
    });
    const both = [edge('b'.repeat(32), S(2), 'message'), edge('c'.repeat(32), S(3), 'link')];
    expect(await readers.causes.effectsOf({ traceId: TRACE, spanId: S(1) }, 10)).toEqual({
      causes: both,
      truncated: false,
    });
    expect(await readers.causes.effectsOfTrace(TRACE, 1)).toEqual({
      causes: both.slice(0, 1),
      truncated: true,
    });
    expect(await readers.causes.causesOf({ traceId: 'b'.repeat(32), spanId: S(2) }, 10)).toEqual({
      causes: both.slice(0, 1),
      truncated: false,
    });
  });
});
