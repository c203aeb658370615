import { type Assurance, isPrincipalKind, QUERY_ATTRIBUTES, WHENCE_QUERY } from '@whence/model';
import { formatNanos } from '../statements/rfc3339.ts';
import { type Selection, select } from '../statements/select.ts';
import type { QueryFilter, QueryPosition, QueryReader, RecordedQuery } from './query-reader.ts';

interface QueryRow {
  readonly Nanos: string;
  readonly DurationNanos: string;
  readonly TraceId: string;
  readonly SpanId: string;
  readonly PrincipalId: string;
  readonly PrincipalKind: string;
  readonly Assurance: Assurance;
  readonly Attributes: Readonly<Record<string, string>>;
  readonly CallerTraceId: string;
  readonly CallerSpanId: string;
}

/** The actor is what nobody else can have: the rest, any sender may write. */
const IS_QUERY = `TenantId = {tenant:String} AND ServiceName = {service:String} AND Actor = {actor:String}
  AND System = {system:String} AND Operation IN {operations:Array(String)}`;

const OWN = {
  service: WHENCE_QUERY.service,
  actor: WHENCE_QUERY.actor,
  system: WHENCE_QUERY.system,
  operations: [WHENCE_QUERY.operation, WHENCE_QUERY.droppedOperation],
};

const TERMS: { readonly [Field in keyof QueryFilter]-?: string } = {
  principal: 'PrincipalId = {principal:String}',
  path: "startsWith(Target, concat('whence://query', {path:String}))",
  fromNanos: 'Timestamp >= fromUnixTimestamp64Nano({fromNanos:Int64})',
  toNanos: 'Timestamp < fromUnixTimestamp64Nano({toNanos:Int64})',
};

const AFTER = `Timestamp <= fromUnixTimestamp64Nano({afterNanos:Int64})
  AND (Timestamp, SpanId) < (fromUnixTimestamp64Nano({afterNanos:Int64}), {afterSpan:String})`;

export const storedQueries = (selection: Selection): QueryReader => ({
  search: async ({ filter, limit, after }) => {
    const fields = (Object.keys(TERMS) as (keyof QueryFilter)[]).filter(
      (field) => filter[field] !== undefined,
    );
    const terms = [IS_QUERY, ...fields.map((field) => TERMS[field]), ...(after === undefined ? [] : [AFTER])];
    const rows = await select<QueryRow>(
      selection,
      `SELECT toString(toUnixTimestamp64Nano(Timestamp)) AS Nanos, toString(Duration) AS DurationNanos,
         TraceId, SpanId, PrincipalId, PrincipalKind, Assurance, SpanAttributes AS Attributes,
         \`Links.TraceId\`[1] AS CallerTraceId, \`Links.SpanId\`[1] AS CallerSpanId
       FROM otel_traces WHERE ${terms.join(' AND ')}
       ORDER BY Timestamp DESC, SpanId DESC LIMIT {limit:UInt32}`,
      {
        ...OWN,
        ...Object.fromEntries(fields.map((field) => [field, String(filter[field])])),
        ...(after === undefined ? {} : { afterNanos: after.startNanos.toString(), afterSpan: after.spanId }),
        limit: limit + 1,
      },
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      queries: page.map(queryOf),
      ...(rows.length > limit && last !== undefined ? { next: positionOf(last) } : {}),
    };
  },
});

const positionOf = ({ Nanos, SpanId }: QueryRow): QueryPosition => ({
  startNanos: BigInt(Nanos),
  spanId: SpanId,
});

const queryOf = (row: QueryRow): RecordedQuery => {
  const of = (key: keyof typeof QUERY_ATTRIBUTES): string => row.Attributes[QUERY_ATTRIBUTES[key]] ?? '';
  return {
    traceId: row.TraceId,
    spanId: row.SpanId,
    at: formatNanos(BigInt(row.Nanos)),
    durationNanos: Number(row.DurationNanos),
    ...(isPrincipalKind(row.PrincipalKind)
      ? { principal: { id: row.PrincipalId, kind: row.PrincipalKind } }
      : {}),
    assurance: row.Assurance,
    ...text('role', of('role')),
    method: of('method'),
    route: of('route'),
    request: row.Attributes['whence.action.statement'] ?? '',
    status: Number(of('status')),
    ...text('problem', of('problem')),
    ...number('rows', of('rows')),
    ...number('dropped', of('dropped')),
    ...text('client', of('client')),
    ...text('forwardedFor', of('forwardedFor')),
    ...text('userAgent', of('userAgent')),
    ...(row.CallerTraceId === '' ? {} : { caller: { traceId: row.CallerTraceId, spanId: row.CallerSpanId } }),
  };
};

const text = <Key extends string>(key: Key, value: string): { readonly [K in Key]?: string } =>
  value === '' ? {} : ({ [key]: value } as { readonly [K in Key]: string });

const number = <Key extends string>(key: Key, value: string): { readonly [K in Key]?: number } =>
  value === '' ? {} : ({ [key]: Number(value) } as { readonly [K in Key]: number });
