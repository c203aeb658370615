import { newRunId, type Run } from '@whence/model';
import type { Store } from '../open.ts';

/** Rows as a collector writes them, for tests: what is not said is what a plain span has. */
export type SpanRow = ReturnType<typeof span>;

export const TRACE = 'a'.repeat(32);
export const EARLIER = 1_760_000_000_000_000_000n;

export const hexId = (digits: number, of: number): string => of.toString(16).padStart(digits, '0');

export const span = (traceId: string, spanId: string, more: Record<string, unknown> = {}) => ({
  TenantId: 'default',
  TraceId: traceId,
  SpanId: spanId,
  Timestamp: timeAt(Number.parseInt(spanId.slice(-6), 16)),
  SpanName: `span ${spanId}`,
  SpanKind: 'Internal',
  ServiceName: 'billing',
  StatusCode: 'Unset',
  Duration: '1500000',
  Witness: 'sdk',
  Assurance: 'none',
  BatchId: newRunId(),
  ReceivedAt: '2026-03-01 03:15:00.000',
  ...more,
});

/** The columns of a span that came with a checked reference, its run's record known. */
export const doneIn = (run: Run): Record<string, unknown> => ({
  RunId: run.id,
  RootRunId: run.rootId,
  RunPath: run.path,
  PrincipalId: run.principal.id,
  PrincipalKind: run.principal.kind,
  Authority: run.authority?.id ?? '',
  Assurance: 'verified',
});

/** The same, received before its run's record. */
export const doneInUnknown = (runId: string, assurance = 'verified'): Record<string, unknown> => ({
  RunId: runId,
  Assurance: assurance,
});

/** Nanoseconds after `EARLIER`, as the store takes them. */
export const timeAt = (nanos: number): string => {
  const moment = EARLIER + BigInt(nanos);
  const seconds = new Date(Number(moment / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${seconds.replace('T', ' ')}.${(moment % 1_000_000_000n).toString().padStart(9, '0')}`;
};

export const run = (more: Partial<Run> = {}): Run => {
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
    actor: 'spiffe://demo/scheduler',
    tenant: 'default',
    startedAt: '2026-03-01T03:14:00.000Z',
    ...more,
  };
};

export const runRow = (run: Run, more: Record<string, unknown> = {}) => ({
  TenantId: run.tenant,
  RunId: run.id,
  RootRunId: run.rootId,
  ...(run.parentId === undefined ? {} : { ParentRunId: run.parentId }),
  RunPath: run.path,
  Record: run.endedAt === undefined ? 'started' : 'ended',
  Job: run.job,
  Attempt: run.attempt,
  Trigger: run.trigger,
  PrincipalId: run.principal.id,
  PrincipalKind: run.principal.kind,
  Authority: run.authority?.id ?? '',
  Assurance: run.assurance,
  Actor: run.actor ?? '',
  StartedAt: run.startedAt,
  ...(run.endedAt === undefined ? {} : { EndedAt: run.endedAt }),
  Outcome: run.outcome ?? '',
  Message: run.message ?? '',
  BatchId: newRunId(),
  ReceivedAt: '2026-03-01 03:14:00.100',
  ...more,
});

export const insert = async (
  store: Store,
  table: 'otel_traces' | 'runs',
  rows: readonly Record<string, unknown>[],
): Promise<void> => {
  await store.client.insert({ table, values: rows as Record<string, unknown>[], format: 'JSONEachRow' });
};
