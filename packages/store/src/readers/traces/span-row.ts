import { ACTION_COLUMNS, type ActionRow } from '../actions/action-row.ts';
import type { RecordedAction } from '../actions/recorded-action.ts';
import type { Attributes, RecordedSpan } from './recorded-span.ts';

/** Every column that a sender fills, beside those of an action. */
export const SPAN_COLUMNS = `${ACTION_COLUMNS},
    TraceState AS State, SpanAttributes AS AllAttributes, ResourceAttributes AS Resource,
    ScopeName AS Scope, ScopeVersion AS ScopeRelease,
    arrayMap(moment -> toString(toUnixTimestamp64Nano(moment)), \`Events.Timestamp\`) AS EventNanos,
    \`Events.Name\` AS EventNames, \`Events.Attributes\` AS EventAttributes,
    \`Links.TraceState\` AS LinkStates, \`Links.Attributes\` AS LinkAttributes`;

export interface SpanRow extends ActionRow {
  readonly State: string;
  readonly AllAttributes: Attributes;
  readonly Resource: Attributes;
  readonly Scope: string;
  readonly ScopeRelease: string;
  readonly EventNanos: readonly string[];
  readonly EventNames: readonly string[];
  readonly EventAttributes: readonly Attributes[];
  readonly LinkStates: readonly string[];
  readonly LinkAttributes: readonly Attributes[];
}

export const recordedSpanOf = (row: SpanRow, recorded: RecordedAction): RecordedSpan => ({
  ...recorded,
  startNanos: BigInt(row.StartNanos),
  durationNanos: BigInt(row.DurationNanos),
  traceState: row.State,
  attributes: row.AllAttributes,
  resource: row.Resource,
  scope: { name: row.Scope, version: row.ScopeRelease },
  events: row.EventNanos.map((nanos, index) => ({
    nanos: BigInt(nanos),
    name: row.EventNames[index] ?? '',
    attributes: row.EventAttributes[index] ?? {},
  })),
  spanLinks: row.LinkTraceIds.map((traceId, index) => ({
    traceId,
    spanId: row.LinkSpanIds[index] ?? '',
    traceState: row.LinkStates[index] ?? '',
    attributes: row.LinkAttributes[index] ?? {},
  })),
});
