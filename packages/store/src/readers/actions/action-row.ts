import {
  type Action,
  type ActionStatus,
  type Assurance,
  authorityOf,
  isCauseKind,
  type Run,
  SPAN_KINDS,
  type SpanKind,
  WHENCE,
  type Witness,
} from '@whence/model';
import { mayName } from '../runs/recorded-run.ts';
import { principalKindOf, ZERO_UUID } from '../runs/run-row.ts';
import { formatNanos } from '../statements/rfc3339.ts';
import type { CauseLink, RecordedAction } from './recorded-action.ts';
import { STATEMENT_ATTRIBUTES, statementOf } from './statement-text.ts';

const ATTRIBUTES = [
  ...STATEMENT_ATTRIBUTES,
  WHENCE.runId.key,
  WHENCE.attribution.key,
  WHENCE.attributionRuns.key,
  WHENCE.openAction.key,
]
  .map((key) => `'${key}'`)
  .join(', ');

/** Rows that are actions: the recorder marks long ones while they are open, and these are none of their own. */
export const IS_ACTION = "(System != 'whence' OR Operation != 'open')";

/**
 * What a sender sent, and which sender. Not among it: when it came and what we made of it, in which two deliveries of
 * one span may differ. SipHash with 128 bits, since a forger may choose the contents.
 */
export const CONTENT_HASH = `sipHash128(
      Timestamp, ParentSpanId, TraceState, SpanName, SpanKind, Duration, StatusCode, StatusMessage, SpanAttributes,
      \`Events.Timestamp\`, \`Events.Name\`, \`Events.Attributes\`,
      \`Links.TraceId\`, \`Links.SpanId\`, \`Links.TraceState\`, \`Links.Attributes\`,
      ServiceName, ResourceAttributes, ScopeName, ScopeVersion, Actor, Witness)`;

/** Columns of `otel_traces` as they are asked for; `ActionRow` is what comes back. */
export const ACTION_COLUMNS = `
    toString(toUnixTimestamp64Nano(Timestamp)) AS StartNanos, toString(Duration) AS DurationNanos,
    TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, StatusCode, StatusMessage,
    mapFilter((key, value) -> key IN (${ATTRIBUTES}), SpanAttributes) AS Attributes,
    \`Links.TraceId\` AS LinkTraceIds, \`Links.SpanId\` AS LinkSpanIds,
    arrayMap(attributes -> attributes['${WHENCE.cause.key}'], \`Links.Attributes\`) AS LinkKinds,
    System, Operation, Target, toString(StatementHash) AS Fingerprint,
    RunId, RootRunId, RunPath, PrincipalId, PrincipalKind, Authority, Assurance, Actor, Witness`;

export interface ActionRow {
  readonly StartNanos: string;
  readonly DurationNanos: string;
  readonly TraceId: string;
  readonly SpanId: string;
  readonly ParentSpanId: string;
  readonly SpanName: string;
  readonly SpanKind: string;
  readonly ServiceName: string;
  readonly StatusCode: string;
  readonly StatusMessage: string;
  readonly Attributes: Readonly<Record<string, string>>;
  readonly LinkTraceIds: readonly string[];
  readonly LinkSpanIds: readonly string[];
  readonly LinkKinds: readonly string[];
  readonly System: string;
  readonly Operation: string;
  readonly Target: string;
  readonly Fingerprint: string;
  readonly RunId: string;
  readonly RootRunId: string;
  readonly RunPath: readonly string[];
  readonly PrincipalId: string;
  readonly PrincipalKind: string;
  readonly Authority: string;
  readonly Assurance: Assurance;
  readonly Actor: string;
  readonly Witness: Witness;
}

/** The run whose record is needed to tell who acted: the row came before it. */
export const runNeededBy = (row: ActionRow): string | undefined =>
  row.RunId === ZERO_UUID || row.Assurance === 'refuted' || row.PrincipalId !== '' ? undefined : row.RunId;

/** @param run the record of `runNeededBy(row)`, where there is one by now. */
export const recordedActionOf = (row: ActionRow, run: Run | undefined): RecordedAction => {
  const opens = row.Attributes[WHENCE.runId.key]?.toLowerCase();
  return {
    action: actionOf(row, run),
    ...(opens === row.RunId && row.Assurance !== 'refuted' ? { opensRunId: opens } : {}),
    runPath: row.Assurance === 'refuted' ? [] : row.RunPath,
    links: causeLinksOf(row.LinkTraceIds, row.LinkSpanIds, row.LinkKinds),
    ...(row.Fingerprint === '0' ? {} : { statementHash: row.Fingerprint }),
    ...doubtOf(row.Attributes),
    ...known('marksOpen', row.Attributes[WHENCE.openAction.key] ?? ''),
    conflict: false,
  };
};

export const causeLinksOf = (
  traceIds: readonly string[],
  spanIds: readonly string[],
  kinds: readonly string[],
): readonly CauseLink[] =>
  traceIds.map((traceId, index) => {
    const kind = kinds[index] ?? '';
    return { traceId, spanId: spanIds[index] ?? '', kind: isCauseKind(kind) ? kind : 'link' };
  });

const doubtOf = (attributes: ActionRow['Attributes']): Pick<RecordedAction, 'doubt'> => {
  switch (attributes[WHENCE.attribution.key]) {
    case 'conflict':
      return { doubt: { kind: 'conflict', runIds: runIdsIn(attributes[WHENCE.attributionRuns.key] ?? '') } };
    case 'run_ended':
      return { doubt: { kind: 'run_ended' } };
    default:
      return {};
  }
};

/** A list is stored as JSON; whoever wrote the attribute may have written anything. */
const runIdsIn = (text: string): readonly string[] => text.match(RUN_IDS) ?? [];

const RUN_IDS = /\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;

const actionOf = (row: ActionRow, run: Run | undefined): Action => {
  const statement = statementOf(row.Attributes);
  return {
    traceId: row.TraceId,
    spanId: row.SpanId,
    ...known('parentSpanId', row.ParentSpanId),
    ...known('service', row.ServiceName),
    name: row.SpanName,
    kind: spanKindOf(row.SpanKind),
    ...known('system', row.System),
    ...known('operation', row.Operation),
    ...known('target', row.Target),
    ...known('statement', statement ?? ''),
    startTime: formatNanos(BigInt(row.StartNanos)),
    durationNanos: Number(row.DurationNanos),
    status: statusOf(row.StatusCode),
    ...known('statusMessage', row.StatusMessage),
    ...attributionOf(row, run),
    assurance: row.Assurance,
    witness: row.Witness,
    ...known('actor', row.Actor),
  };
};

type Attribution = Pick<Action, 'principal' | 'runId' | 'rootRunId' | 'authority'>;

/** Whom a row names. A reference that failed its check names nobody: its run is shown as what was claimed. */
const attributionOf = (row: ActionRow, run: Run | undefined): Attribution => {
  if (row.RunId === ZERO_UUID) return ofNoRun(row);
  if (row.Assurance === 'refuted') return { runId: row.RunId };
  if (row.PrincipalId !== '') {
    const authority = authorityOf(row.Authority);
    return {
      principal: { id: row.PrincipalId, kind: principalKindOf(row.PrincipalKind) },
      runId: row.RunId,
      ...known('rootRunId', row.RootRunId === ZERO_UUID ? '' : row.RootRunId),
      ...(authority === undefined ? {} : { authority }),
    };
  }
  if (run === undefined || !mayName(row.Assurance, run)) return { runId: row.RunId };
  return {
    principal: { id: run.principal.id, kind: run.principal.kind },
    runId: row.RunId,
    rootRunId: run.rootId,
    ...(run.authority === undefined ? {} : { authority: run.authority }),
  };
};

/** Outside of any run only those are named whom a service of ours authenticated itself. */
const ofNoRun = (row: ActionRow): Attribution => {
  if (row.Assurance !== 'verified' || row.PrincipalId === '') return {};
  const authority = authorityOf(row.Authority);
  return {
    principal: { id: row.PrincipalId, kind: principalKindOf(row.PrincipalKind) },
    ...(authority === undefined ? {} : { authority }),
  };
};

const known = <Key extends string>(key: Key, text: string): { readonly [K in Key]?: string } =>
  text === '' ? {} : ({ [key]: text } as { readonly [K in Key]: string });

/** The exporter writes `Client`; older ones wrote `SPAN_KIND_CLIENT`. */
export const spanKindOf = (text: string): SpanKind => {
  const kind = text.replace(/^SPAN_KIND_/, '').toLowerCase();
  return SPAN_KINDS.find((known) => known === kind) ?? 'unspecified';
};

export const statusOf = (text: string): ActionStatus => {
  const status = text.replace(/^STATUS_CODE_/, '').toLowerCase();
  return status === 'ok' || status === 'error' ? status : 'unset';
};
