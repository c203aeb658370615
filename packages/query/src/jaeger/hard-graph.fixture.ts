import { newRunId } from '@whence/model';
import {
  below,
  causedBy,
  doneIn,
  newRun,
  newSpanId,
  newTraceId,
  opening,
  span,
  timeAt,
  under,
} from '../lineage/graph.fixture.ts';

/** Traces that are joined to others in every way, and traces that are hard to draw. */
export const run = newRun({ job: 'hard' });
export const childRun = below(run, { job: 'child', trigger: 'handoff' });

/** Caused by nothing; sends a message, and hands over in a run of another trace. */
export const top = span({ ...opening(run), ServiceName: 'alpha', Timestamp: timeAt(1) });
export const send = span({
  ...doneIn(run),
  ...under(top),
  ServiceName: 'alpha',
  SpanKind: 'Producer',
  Timestamp: timeAt(2),
});
/** In other traces. */
export const receive = span({
  ...doneIn(run),
  ...causedBy({ by: send, kind: 'message' }),
  ServiceName: 'beta',
  SpanKind: 'Consumer',
  Timestamp: timeAt(3),
});
export const child = span({ ...opening(childRun), ServiceName: 'gamma', Timestamp: timeAt(4) });
/** Of the run, and joined to it by its reference alone. */
export const loose = span({ ...doneIn(run), ServiceName: 'beta', Timestamp: timeAt(5) });

/** Everything that a sender may send, and claims that are not so. */
export const full = span({
  ...doneIn(run),
  ServiceName: '',
  Timestamp: '2026-03-01T03:14:07.123456789Z',
  Duration: '1234567',
  SpanKind: 'Server',
  StatusCode: 'Error',
  StatusMessage: 'out of paper',
  TraceState: 'whence=x,other=y',
  ScopeName: 'printer',
  ScopeVersion: '2.1',
  Actor: 'spiffe://demo/printer',
  ResourceAttributes: { 'host.name': 'h1', 'a.first': '1' },
  SpanAttributes: {
    'whence.principal.id': 'user:ceo@example.com',
    'whence.witness': 'gateway',
    'http.method': 'POST',
    empty: '',
  },
  'Events.Timestamp': ['2026-03-01T03:14:07.123999999Z'],
  'Events.Name': ['exception'],
  'Events.Attributes': [{ 'exception.type': 'PaperError' }],
});

export const lost = newSpanId();
export const orphan = span({ ...doneIn(run), ParentSpanId: lost, Timestamp: timeAt(6) });
export const forged = span({ RunId: run.id, Assurance: 'refuted', Timestamp: timeAt(7) });
export const nameless = span({ Timestamp: timeAt(8) });

/** Two that are each other's parent, and one below them. */
const circleTrace = newTraceId();
const [first, second] = [newSpanId(), newSpanId()];
export const circle = [
  { ...span({ TraceId: circleTrace, ParentSpanId: second, Timestamp: timeAt(9) }), spanId: first },
  { ...span({ TraceId: circleTrace, ParentSpanId: first, Timestamp: timeAt(10) }), spanId: second },
  span({ TraceId: circleTrace, ParentSpanId: second, Timestamp: timeAt(11) }),
] as const;

/** A root that links to what is below it, and to itself; and one of another trace under an id that is here too. */
const linkTrace = newTraceId();
const rootId = newSpanId();
export const linked = span({ TraceId: linkTrace, ParentSpanId: rootId, Timestamp: timeAt(13) });
export const linking = {
  ...span({
    TraceId: linkTrace,
    Timestamp: timeAt(12),
    ...causedBy(
      { by: linked },
      { by: { traceId: linkTrace, spanId: rootId } },
      { by: { traceId: newTraceId(), spanId: linked.spanId } },
      { by: nameless, kind: 'retry' },
    ),
  }),
  spanId: rootId,
};

/** The same id with different contents; and one that was delivered twice. */
export const twofold = span({ Timestamp: timeAt(14) });
export const twice = span({ Timestamp: timeAt(15) });

/** One that has not ended, and one that had not when it was marked. */
const markTrace = newTraceId();
export const ended = span({ TraceId: markTrace, Timestamp: timeAt(16), SpanName: 'ended' });
const markOf = (spanId: string) =>
  span({
    TraceId: markTrace,
    System: 'whence',
    Operation: 'open',
    SpanName: `open ${spanId}`,
    Timestamp: timeAt(17),
    SpanAttributes: { 'whence.action.open': spanId },
  });
export const openSpan = newSpanId();

/** Of 64 bits. */
export const short = span({ TraceId: `${'0'.repeat(16)}${newSpanId()}`, Timestamp: timeAt(18) });

export const hardGraph = {
  spans: [
    ...[top, send, receive, child, loose, full, orphan, forged, nameless],
    ...[...circle, linking, linked, twofold, twice, ended, markOf(ended.spanId), markOf(openSpan), short],
    { ...twofold, row: { ...twofold.row, StatusMessage: 'not so' } },
    { ...twice, row: { ...twice.row, BatchId: newRunId() } },
    span({ TenantId: 'other', TraceId: newTraceId(), ServiceName: 'not yours', SpanName: 'secret' }),
  ].map((each) => ({ ...each, row: { ...each.row, SpanId: each.spanId } })),
  runs: [run, childRun],
};
