import type { Run } from '@whence/model';
import {
  below,
  causedBy,
  doneIn,
  type Graph,
  type GraphSpan,
  newRun,
  opening,
  span,
  timeAt,
  under,
} from '../graph.fixture.ts';

/**
 * A graph with every edge there is, by hand, and with fixed ids, so that whole answers can be compared: a nightly job
 * that calls, sends, spawns, fails and is tried again; an approval, a handoff, a batch with two causes; and what goes
 * wrong: a parent that comes late, one that never comes, a forged reference, causes in a circle, a run that names
 * itself as its parent.
 */
const runId = (number: number): string => `01989f3c-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
const traceId = (number: number): string => number.toString(16).padStart(32, 'f');
const spanId = (number: number): string => number.toString(16).padStart(16, 'e');

const at = (number: number, trace: number, columns: Readonly<Record<string, unknown>>): GraphSpan => {
  const ids = { TraceId: traceId(trace), SpanId: spanId(number) };
  const { row } = span({
    SpanName: `step ${number}`,
    ReceivedAt: timeAt(60_000),
    ...columns,
    Timestamp: timeAt(number),
    ...ids,
  });
  return { traceId: ids.TraceId, spanId: ids.SpanId, row: { ...row, ...ids } };
};

const person = { id: 'user:dana@example.com', kind: 'human' } as const;
const agent = { id: 'agent://demo/triage', kind: 'agent' } as const;

const nightly = newRun({ id: runId(1), rootId: runId(1), outcome: 'failure' });
const again = newRun({ id: runId(2), rootId: runId(2), attempt: 2 });
const report = below(nightly, { id: runId(3), job: 'report' });
const tick = newRun({ id: runId(4), rootId: runId(4), job: 'tick' });
const triage = newRun({
  id: runId(5),
  rootId: runId(5),
  job: 'triage',
  trigger: 'webhook',
  principal: agent,
});
const refund = below(triage, { id: runId(6), job: 'refund', trigger: 'handoff', principal: person });
const ouroboros: Run = {
  ...newRun({ id: runId(7), rootId: runId(7), job: 'ouroboros' }),
  parentId: runId(7),
};

const job = at(1, 1, { ...opening(nightly), ServiceName: 'scheduler' });
const call = at(2, 1, {
  ...doneIn(nightly),
  ...under(job),
  ServiceName: 'scheduler',
  SpanKind: 'Client',
  System: 'http',
  Operation: 'POST',
  Target: 'http://billing:8080/charges',
});
const serve = at(3, 1, { ...doneIn(nightly), ...under(call), SpanKind: 'Server' });
const update = at(4, 1, {
  ...doneIn(nightly),
  ...under(serve),
  SpanKind: 'Client',
  System: 'postgresql',
  Operation: 'UPDATE',
  Target: 'postgresql://db:5432/bank/invoices',
  StatementHash: '42',
  Actor: 'spiffe://demo/billing',
  SpanAttributes: { 'db.query.text': 'UPDATE invoices SET paid = $1' },
});
const seen = at(5, 1, {
  ...doneIn(nightly),
  ...under(update),
  Witness: 'gateway',
  StatementHash: '42',
  Actor: 'spiffe://demo/gateway',
});
const send = at(6, 1, { ...doneIn(nightly), ...under(job), SpanKind: 'Producer' });
const consume = at(7, 2, {
  ...doneIn(nightly),
  ...causedBy({ by: send, kind: 'message' }),
  SpanKind: 'Consumer',
  ServiceName: 'notifier',
});
const child = at(8, 1, { ...doneIn(nightly), ...under(job), System: 'process', Operation: 'exec' });
const reporting = at(9, 1, { ...opening(report), ...under(child), ServiceName: 'report' });
const batch = at(10, 3, {
  ...doneIn(nightly),
  ...causedBy({ by: consume, kind: 'message' }, { by: reporting }),
  ServiceName: 'mailer',
});
const retry = at(11, 4, {
  ...opening(again),
  ...causedBy({ by: job, kind: 'retry' }),
  ServiceName: 'scheduler',
});
const ticking = at(12, 5, { ...opening(tick), ...causedBy({ by: retry, kind: 'schedule' }) });
const triaging = at(13, 6, opening(triage));
const approval = at(14, 7, { ...doneIn(refund), SpanName: 'approve' });
const refunding = at(15, 6, { ...opening(refund), ...under(triaging) });
const approved = at(16, 8, { ...doneIn(refund), ...causedBy({ by: approval, kind: 'approval' }) });

const lateParent = at(20, 9, { ...doneIn(nightly), SpanKind: 'Server' });
const lateChild = at(21, 9, { ...doneIn(nightly), ParentSpanId: lateParent.spanId });
const orphan = at(22, 10, { ...doneIn(nightly), ParentSpanId: spanId(99) });
const forged = at(23, 11, { RunId: nightly.id, Assurance: 'refuted', SpanName: 'DROP TABLE accounts' });
const below23 = at(24, 11, { ...under(forged), SpanName: 'below a forged reference' });
const there = at(25, 12, {
  ...doneIn(nightly),
  ...causedBy({ by: { traceId: traceId(13), spanId: spanId(26) }, kind: 'handoff' }),
});
const back = at(26, 13, { ...doneIn(nightly), ...causedBy({ by: there, kind: 'handoff' }) });
const eating = at(27, 14, opening(ouroboros));
const stock = at(28, 1, {
  ...under(update),
  ServiceName: 'legacy',
  SpanName: 'a service without tracestate',
});

/** Questions whose whole answers are kept. */
export const questions = {
  call: update,
  message: consume,
  spawn: reporting,
  'fan-in': batch,
  retry,
  schedule: ticking,
  approval: approved,
  handoff: refunding,
  'late-parent': lateChild,
  'missing-parent': orphan,
  forged,
  'below-forged': below23,
  cycle: there,
  'run-that-is-its-own-parent': eating,
  unstamped: stock,
} as const;

export const nightlyRun = nightly;

/** What has come at first. */
export const early: Graph = {
  spans: [
    ...[job, call, serve, update, seen, send, consume, child, reporting, batch, retry, ticking],
    ...[triaging, approval, refunding, approved],
    ...[lateChild, orphan, forged, below23, there, back, eating, stock],
  ],
  runs: [nightly, again, report, tick, triage, refund, ouroboros],
};

/** What comes after it was asked for. */
export const late: Graph = { spans: [lateParent], runs: [] };
