import type { InheritanceWay } from '@whence/model';
import { namedIn, ZERO_UUID } from '../readers/runs/run-row.ts';
import { formatNanos } from '../readers/statements/rfc3339.ts';
import { type FactsRow, factsOf } from './action-facts.ts';
import type { Attribution, Inherited } from './attribution.ts';

/** Columns of `attributions` as they are asked for; `AttributionRow` is what comes back. */
export const ATTRIBUTION_COLUMNS = `
    TraceId, SpanId, toString(toUnixTimestamp64Micro(KnownAt)) AS KnownMicros, Assurance,
    RunId, RootRunId, RunPath, PrincipalId, PrincipalKind, Authority, Via, ViaTraceId, ViaSpanId, Hops,
    toString(toUnixTimestamp64Nano(Timestamp)) AS StartNanos, ServiceName, StatusCode, System, Operation, Target,
    Witness, Actor, toString(toUnixTimestamp64Nano(SeenAt)) AS SeenNanos`;

export interface AttributionRow extends FactsRow {
  readonly TraceId: string;
  readonly SpanId: string;
  readonly KnownMicros: string;
  readonly Assurance: 'none' | 'inherited';
  readonly RunId: string;
  readonly RootRunId: string;
  readonly RunPath: readonly string[];
  readonly PrincipalId: string;
  readonly PrincipalKind: string;
  readonly Authority: string;
  readonly Via: InheritanceWay | 'none';
  readonly ViaTraceId: string;
  readonly ViaSpanId: string;
  readonly Hops: number;
}

export const attributionOf = (row: AttributionRow): Attribution => {
  const inherited = inheritedOf(row);
  return {
    traceId: row.TraceId,
    spanId: row.SpanId,
    knownAtMicros: BigInt(row.KnownMicros),
    facts: factsOf(row),
    ...(inherited === undefined ? {} : { inherited }),
  };
};

const inheritedOf = (row: AttributionRow): Inherited | undefined => {
  if (row.Assurance !== 'inherited' || row.Via === 'none') return undefined;
  return {
    runId: row.RunId,
    ...(row.RootRunId === ZERO_UUID ? {} : { rootRunId: row.RootRunId }),
    runPath: row.RunPath,
    ...namedIn(row),
    from: { traceId: row.ViaTraceId, spanId: row.ViaSpanId, via: row.Via, hops: row.Hops },
  };
};

/** As the store takes it (JSONEachRow, `best_effort` moments). */
export const rowOfAttribution = (
  tenant: string,
  { traceId, spanId, knownAtMicros, facts, inherited }: Attribution,
): Readonly<Record<string, unknown>> => ({
  TenantId: tenant,
  TraceId: traceId,
  SpanId: spanId,
  KnownAt: formatNanos(knownAtMicros * 1000n),
  Assurance: inherited === undefined ? 'none' : 'inherited',
  ...(inherited === undefined
    ? {}
    : {
        RunId: inherited.runId,
        RootRunId: inherited.rootRunId ?? ZERO_UUID,
        RunPath: inherited.runPath,
        PrincipalId: inherited.principal?.id ?? '',
        PrincipalKind: inherited.principal?.kind ?? '',
        Authority: inherited.authority?.id ?? '',
        Via: inherited.from.via,
        ViaTraceId: inherited.from.traceId,
        ViaSpanId: inherited.from.spanId,
        Hops: inherited.from.hops,
      }),
  Timestamp: formatNanos(facts.startNanos),
  ServiceName: facts.serviceName,
  StatusCode: facts.statusCode,
  System: facts.system,
  Operation: facts.operation,
  Target: facts.target,
  Witness: facts.witness,
  Actor: facts.actor,
  SeenAt: formatNanos(facts.seenNanos),
});
