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
} from './lineage/graph.fixture.ts';

/** A nightly job: HTTP to billing, which writes to the bank; a message to a notifier; a report as a nested run. */
export const nightly = newRun();
export const report = below(nightly, { attempt: 2 });
export const claimed = newRun({ assurance: 'asserted', job: 'by-hand', trigger: 'manual' });
const { endedAt: _, outcome: __, authority: ___, ...open } = newRun({ job: 'watch' });
export const silent = below(nightly, { job: 'silent' });
export const lateRun = newRun({ job: 'late', principal: { id: 'github://demo/app/ci', kind: 'ci_runner' } });
export const unknownRunId = newRunId();

export const job = span({ ...opening(nightly), ServiceName: 'scheduler', Timestamp: timeAt(1) });
export const call = span({
  ...doneIn(nightly),
  ...under(job),
  ServiceName: 'scheduler',
  SpanKind: 'Client',
  Timestamp: timeAt(2),
  System: 'http',
  Operation: 'POST',
  SpanAttributes: { 'http.request.method': 'POST', 'url.full': 'http://billing:8080/charges' },
});
export const serve = span({ ...doneIn(nightly), ...under(call), SpanKind: 'Server', Timestamp: timeAt(3) });
export const update = span({
  ...doneIn(nightly),
  ...under(serve),
  SpanKind: 'Client',
  Timestamp: '2026-03-01T03:14:07.004000001Z',
  System: 'postgresql',
  Operation: 'UPDATE',
  Target: 'postgresql://db:5432/bank/invoices',
  StatementHash: '42',
  Actor: 'spiffe://demo/billing',
  SpanAttributes: { 'db.query.text': "UPDATE invoices SET paid = $1 /*traceparent='00-a-b-01'*/" },
});
export const seen = span({
  ...doneIn(nightly),
  ...under(update),
  ServiceName: 'gateway',
  Timestamp: timeAt(5),
  Witness: 'gateway',
  StatementHash: '42',
  Actor: 'spiffe://demo/gateway',
});
export const send = span({ ...doneIn(nightly), ...under(job), SpanKind: 'Producer', Timestamp: timeAt(6) });
export const work = span({
  ...doneIn(nightly),
  ...causedBy({ by: send, kind: 'message' }),
  ServiceName: 'notifier',
  SpanKind: 'Consumer',
  Timestamp: timeAt(7),
});
export const reporting = span({ ...opening(report), ServiceName: 'report', Timestamp: timeAt(8) });
export const written = span({
  ...doneIn(report),
  ...under(reporting),
  Timestamp: timeAt(9),
  StatusCode: 'Error',
});
export const lost = newSpanId();
export const orphan = span({
  ...doneIn(nightly),
  TraceId: newTraceId(),
  ParentSpanId: lost,
  Timestamp: timeAt(10),
});
export const late = span({
  RunId: lateRun.id,
  Assurance: 'verified',
  Timestamp: timeAt(11),
  SpanName: 'deploy',
});

export const forged = span({ RunId: nightly.id, Assurance: 'refuted', SpanName: 'DROP TABLE accounts' });
export const nameless = span({ SpanName: 'SELECT 1' });
export const claim = span({ ...opening(claimed), Assurance: 'asserted' });
export const unfinished = span(opening(open));
export const ofUnknownRun = span({ RunId: unknownRunId, Assurance: 'verified' });

export const roundabout = newRun({ job: 'roundabout' });
export const throughNobody = span({ ...doneIn(roundabout), ...causedBy({ by: forged }) });

/** An agent of a support desk starts a nested run, which hands over to a person. */
const agent = { id: 'agent://demo/triage', kind: 'agent' } as const;
export const desk = newRun({ job: 'desk', trigger: 'webhook' });
export const triage = below(desk, { job: 'triage', principal: agent });
export const approval = below(triage, {
  job: 'approve',
  trigger: 'handoff',
  principal: { id: 'user:dana@example.com', kind: 'human' },
});
export const silentApproval = below(triage, { ...approval, id: newRunId() });
export const atDesk = span(opening(desk));
export const triaging = span({ ...opening(triage), ...under(atDesk) });
export const approving = span({ ...opening(approval), ...under(triaging) });
export const paid = span({ ...doneIn(approval), ...under(approving) });

const roundTrace = newTraceId();
export const round = newSpanId();
export const there = span(causedBy({ by: { traceId: roundTrace, spanId: round }, kind: 'handoff' }));
export const back = span({ TraceId: roundTrace, SpanId: round, ...causedBy({ by: there, kind: 'handoff' }) });
export const fanIn = span(causedBy({ by: there }, { by: nameless, kind: 'approval' }));
export const dangling = span(causedBy({ by: { traceId: newTraceId(), spanId: newSpanId() }, kind: 'retry' }));
export const twofold = span();

export const graph = {
  spans: [
    ...[
      job,
      call,
      serve,
      update,
      seen,
      send,
      work,
      reporting,
      written,
      orphan,
      late,
      forged,
      nameless,
      claim,
    ],
    ...[atDesk, triaging, approving, paid],
    ...[unfinished, ofUnknownRun, throughNobody, there, back, fanIn, dangling, twofold],
    { ...update, row: { ...update.row, SpanId: update.spanId, BatchId: newRunId() } },
    { ...back, spanId: round },
    { ...twofold, row: { ...twofold.row, SpanId: twofold.spanId, StatusMessage: 'not so' } },
    span({ TenantId: 'other', TraceId: newTraceId(), SpanName: 'not yours' }),
  ].map((each) => ({ ...each, row: { SpanId: each.spanId, ...each.row } })),
  runs: [
    ...[nightly, report, claimed, open, silent, lateRun, roundabout],
    ...[desk, triage, approval, silentApproval],
  ],
};
