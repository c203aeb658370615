import { newRunId, type Run } from '@whence/model';
import type { Store } from '@whence/store';

/** A causal graph as its author knows it, and the rows that a collector would have written of it. For tests. */
export interface Graph {
  readonly spans: readonly GraphSpan[];
  readonly runs: readonly Run[];
}

export interface GraphSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly row: Readonly<Record<string, unknown>>;
}

let made = 0;

export const newTraceId = (): string => `f${(made++).toString(16).padStart(31, '0')}`;

export const newSpanId = (): string => `e${(made++).toString(16).padStart(15, '0')}`;

const FIRST = Date.parse('2026-03-01T03:14:07Z');

/** Milliseconds after the first moment. */
export const timeAt = (millis: number): string => new Date(FIRST + millis).toISOString();

export const newRun = (more: Partial<Run> = {}): Run => {
  const id = more.id ?? newRunId();
  return {
    id,
    rootId: id,
    path: [],
    job: 'nightly-reconcile',
    attempt: 1,
    trigger: 'schedule',
    principal: { id: 'k8s://demo/jobs/nightly', kind: 'scheduler' },
    authority: { kind: 'policy', id: 'policy:nightly-jobs@3' },
    assurance: 'verified',
    tenant: 'default',
    startedAt: timeAt(0),
    endedAt: timeAt(60_000),
    outcome: 'success',
    ...more,
  };
};

export const below = (parent: Run, more: Partial<Run> = {}): Run =>
  newRun({
    rootId: parent.rootId,
    parentId: parent.id,
    path: [...parent.path, parent.id],
    trigger: 'parent',
    job: 'report',
    ...more,
  });

export const span = (more: Readonly<Record<string, unknown>> = {}): GraphSpan => {
  const traceId = typeof more['TraceId'] === 'string' ? more['TraceId'] : newTraceId();
  const spanId = newSpanId();
  return {
    traceId,
    spanId,
    row: {
      TenantId: 'default',
      TraceId: traceId,
      SpanId: spanId,
      Timestamp: timeAt(made),
      SpanName: `span ${made}`,
      SpanKind: 'Internal',
      ServiceName: 'billing',
      StatusCode: 'Unset',
      Duration: '1500000',
      Witness: 'sdk',
      Assurance: 'none',
      BatchId: newRunId(),
      ReceivedAt: timeAt(60_000),
      ...more,
    },
  };
};

/** Columns of a span in the trace of another, below it. */
export const under = (parent: GraphSpan) => ({ TraceId: parent.traceId, ParentSpanId: parent.spanId });

/** Columns of a span that names others as its causes. */
export const causedBy = (
  ...causes: readonly { readonly by: Pick<GraphSpan, 'traceId' | 'spanId'>; readonly kind?: string }[]
) => ({
  'Links.TraceId': causes.map(({ by }) => by.traceId),
  'Links.SpanId': causes.map(({ by }) => by.spanId),
  'Links.TraceState': causes.map(() => ''),
  'Links.Attributes': causes.map(({ kind }) => (kind === undefined ? {} : { 'whence.cause': kind })),
});

/** Columns of a span that came with a checked reference to a run whose record was known. */
export const doneIn = (run: Run) => ({
  RunId: run.id,
  RootRunId: run.rootId,
  RunPath: run.path,
  PrincipalId: run.principal.id,
  PrincipalKind: run.principal.kind,
  Authority: run.authority?.id ?? '',
  Assurance: 'verified',
});

/** The same for the span that opens the run. */
export const opening = (run: Run) => ({
  ...doneIn(run),
  SpanName: run.job,
  SpanAttributes: { 'whence.run.id': run.id },
});

export const insertGraph = async (store: Store, { spans, runs }: Graph): Promise<void> => {
  const insert = async (table: string, values: readonly Readonly<Record<string, unknown>>[]) => {
    if (values.length > 0) await store.client.insert({ table, values: [...values], format: 'JSONEachRow' });
  };
  await insert(
    'otel_traces',
    spans.map(({ row }) => row),
  );
  await insert('runs', runs.flatMap(recordsOf));
};

const recordsOf = (run: Run): readonly Readonly<Record<string, unknown>>[] => {
  const started = {
    TenantId: run.tenant,
    RunId: run.id,
    RootRunId: run.rootId,
    ...(run.parentId === undefined ? {} : { ParentRunId: run.parentId }),
    RunPath: run.path,
    Record: 'started',
    Job: run.job,
    Attempt: run.attempt,
    Trigger: run.trigger,
    PrincipalId: run.principal.id,
    PrincipalKind: run.principal.kind,
    Authority: run.authority?.id ?? '',
    Assurance: run.assurance,
    Actor: run.actor ?? '',
    StartedAt: run.startedAt,
    BatchId: newRunId(),
    ReceivedAt: run.startedAt,
  };
  if (run.endedAt === undefined) return [started];
  return [started, { ...started, Record: 'ended', EndedAt: run.endedAt, Outcome: run.outcome ?? '' }];
};
