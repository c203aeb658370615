import { statementHashOf } from './lineage/artefact/statement-hash.ts';
import {
  below,
  doneIn,
  type Graph,
  type GraphSpan,
  newRun,
  opening,
  span,
  timeAt,
  under,
} from './lineage/graph.fixture.ts';

/**
 * The record that the examples in `/openapi.json` and in the README are about: a nightly job charges accounts over
 * HTTP and starts a report. Its ids are the ones that are written there.
 */
const TRACE = 'f0000000000000000000000000000000';

const nightly = newRun({ id: '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10', actor: 'k8s://demo/apps/scheduler' });
const report = below(nightly, { id: '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a11' });

/** One of the trace, by the last digit of its id. */
const numbered = (digit: number, columns: Readonly<Record<string, unknown>>): GraphSpan => {
  const spanId = `e00000000000000${digit}`;
  const made = span({
    TraceId: TRACE,
    Timestamp: timeAt(digit),
    ReceivedAt: timeAt(1000),
    ...columns,
    SpanId: spanId,
  });
  return { ...made, spanId };
};

const job = numbered(1, {
  ...opening(nightly),
  ServiceName: 'scheduler',
  ResourceAttributes: { 'vcs.ref.head.revision': '4f3c9a1be2d07c55a6b8d1f0e9c7b6a5d4c3b2a1' },
});
const call = numbered(2, {
  ...doneIn(nightly),
  ...under(job),
  ServiceName: 'scheduler',
  SpanName: 'POST',
  SpanKind: 'Client',
  System: 'http',
  Operation: 'POST',
  Target: 'http://billing:8080/charges',
  SpanAttributes: { 'http.request.method': 'POST', 'url.full': 'http://billing:8080/charges' },
});
const serve = numbered(3, {
  ...doneIn(nightly),
  ...under(call),
  SpanName: 'POST /charges',
  SpanKind: 'Server',
});
const update = numbered(4, {
  ...doneIn(nightly),
  ...under(serve),
  SpanName: 'UPDATE invoices',
  SpanKind: 'Client',
  System: 'postgresql',
  Operation: 'UPDATE',
  Target: 'postgresql://db:5432/bank/invoices',
  StatementHash: statementHashOf('UPDATE invoices SET paid = $1'),
  Actor: 'spiffe://demo/billing',
  SpanAttributes: { 'db.query.text': 'UPDATE invoices SET paid = $1' },
});
const reporting = numbered(5, { ...opening(report), ...under(job), ServiceName: 'report' });
const failed = numbered(6, {
  ...doneIn(report),
  ...under(reporting),
  ServiceName: 'report',
  SpanName: 'INSERT reports',
  System: 'postgresql',
  Operation: 'INSERT',
  Target: 'postgresql://db:5432/bank/reports',
  StatusCode: 'Error',
  SpanAttributes: { 'db.query.text': 'INSERT INTO reports (total) VALUES ($1)' },
});

const rollout = numbered(7, {
  ...doneIn(nightly),
  ...under(job),
  ServiceName: 'scheduler',
  SpanName: 'PATCH',
  SpanKind: 'Client',
  System: 'http',
  Operation: 'PATCH',
  Target: 'https://10.0.0.1:443/apis/apps/v1/namespaces/prod/deployments/web',
});

export const exampleGraph: Graph = {
  spans: [job, call, serve, update, reporting, failed, rollout],
  runs: [nightly, report],
};
