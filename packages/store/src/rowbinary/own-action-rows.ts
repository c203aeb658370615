import { ASSURANCES, type Assurance, type Principal, type SpanRef } from '@whence/model';
import { OTEL_TRACES } from '../tables/otel-traces.ts';
import { writeRow } from './row-values.ts';
import type { RowWriter } from './row-writer.ts';
import type { RowPlace } from './run-rows.ts';

/** An action that a service of ours took part in and tells of itself, outside of any run. */
export interface OwnAction extends SpanRef {
  readonly tenant: string;
  readonly service: string;
  readonly version: string;
  readonly host: string;
  readonly name: string;
  readonly system: string;
  readonly operation: string;
  readonly target: string;
  /** The command itself. */
  readonly statement: string;
  readonly startedAtMillis: number;
  readonly durationNanos: number;
  /** Whether it failed or was refused, and why. */
  readonly failure?: string;
  readonly principal?: Principal;
  /** `policy:…`, `user:…`, `approval:…`. */
  readonly authority?: string;
  readonly assurance: Assurance;
  readonly actor: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Spans that it says it came of. */
  readonly links: readonly SpanRef[];
}

const NANOS_PER_MILLI = 1_000_000n;

/** Encodes one row of `otel_traces`. */
export const encodeOwnAction = (writer: RowWriter, action: OwnAction, place: RowPlace): void =>
  writeRow(writer, OTEL_TRACES, {
    Timestamp: BigInt(action.startedAtMillis) * NANOS_PER_MILLI,
    TraceId: action.traceId,
    SpanId: action.spanId,
    SpanName: action.name,
    SpanKind: 'Server',
    Duration: BigInt(Math.max(0, Math.round(action.durationNanos))),
    StatusCode: action.failure === undefined ? 'Unset' : 'Error',
    StatusMessage: action.failure ?? '',
    SpanAttributes: [...Object.entries(action.attributes), ['whence.action.statement', action.statement]],
    'Links.TraceId': action.links.map(({ traceId }) => traceId),
    'Links.SpanId': action.links.map(({ spanId }) => spanId),
    'Links.TraceState': action.links.map(() => ''),
    'Links.Attributes': action.links.map(() => []),
    System: action.system,
    Operation: action.operation,
    Target: action.target,
    ServiceName: action.service,
    ResourceAttributes: [
      ['service.name', action.service],
      ['service.version', action.version],
      ['host.name', action.host],
    ],
    ScopeName: `@whence/${action.service.replace('whence-', '')}`,
    ScopeVersion: action.version,
    PrincipalId: action.principal?.id ?? '',
    PrincipalKind: action.principal?.kind ?? '',
    Authority: action.authority ?? '',
    Assurance: ASSURANCES.indexOf(action.assurance),
    TenantId: action.tenant,
    Actor: action.actor,
    ReceivedAt: BigInt(place.receivedAtMillis),
    BatchId: Buffer.from(place.batchId).toString('hex'),
    RowNumber: place.rowNumber,
  });
