import type { Condition } from '../readers/actions/action-filter.ts';
import { IS_ACTION } from '../readers/actions/action-row.ts';
import { spanKey } from '../readers/actions/recorded-action.ts';
import { branchOf } from '../readers/runs/run-tree-rows.ts';
import { type Selection, select } from '../readers/statements/select.ts';
import type { Attribution } from './attribution.ts';
import { attributionsBelow, attributionsMatching, currentWhere, NEWEST_KNOWN } from './attribution-filter.ts';
import type { AttributionReader } from './attribution-reader.ts';
import { ATTRIBUTION_COLUMNS, type AttributionRow, attributionOf } from './attribution-row.ts';
import { traceCondition } from './trace-selection.ts';

/** Ids in one statement: they travel in the request line, where 100 of traces and 100 of spans make 7 kB. */
const IDS_PER_STATEMENT = 100;

export const storedAttributions = (selection: Selection): AttributionReader => {
  const ofSpans: AttributionReader['ofSpans'] = async (spans, asKnownAtMicros) => {
    const wanted = new Map(spans.map((span) => [spanKey(span), span]));
    const traces = [...Map.groupBy(wanted.values(), ({ traceId }) => traceId)];
    const found = new Map<string, Attribution>();
    for (let from = 0; from < traces.length; from += IDS_PER_STATEMENT) {
      const some = traces.slice(from, from + IDS_PER_STATEMENT);
      const spanIds = [...new Set(some.flatMap(([, ofTrace]) => ofTrace.map(({ spanId }) => spanId)))];
      const rows = await select<AttributionRow>(
        selection,
        `SELECT ${ATTRIBUTION_COLUMNS} FROM attributions
         WHERE TenantId = {tenant:String} AND TraceId IN {traces:Array(String)}
           ${spanIds.length > IDS_PER_STATEMENT ? '' : 'AND SpanId IN {spans:Array(String)}'}
           AND KnownAt <= fromUnixTimestamp64Micro({known:Int64})
         ORDER BY ${NEWEST_KNOWN} LIMIT 1 BY TraceId, SpanId`,
        {
          traces: some.map(([traceId]) => traceId),
          ...(spanIds.length > IDS_PER_STATEMENT ? {} : { spans: spanIds }),
          known: (asKnownAtMicros ?? END_OF_TIME).toString(),
        },
      );
      for (const attribution of rows.map(attributionOf)) {
        const key = spanKey(attribution);
        if (wanted.has(key) && attribution.inherited !== undefined) found.set(key, attribution);
      }
    }
    return found;
  };

  const inherited = async (
    condition: Condition,
    order: string,
    limit: number,
  ): Promise<readonly Attribution[]> => {
    const rows = await select<AttributionRow>(
      selection,
      `SELECT ${ATTRIBUTION_COLUMNS} FROM ${currentWhere(condition.sql)} ORDER BY ${order} LIMIT {limit:UInt32}`,
      { ...condition.parameters, limit },
    );
    return rows.map(attributionOf);
  };

  return {
    ofSpans,

    ofTraces: async (traces) => {
      const { sql, parameters } = traceCondition(traces);
      const rows = await select<AttributionRow>(
        selection,
        `SELECT ${ATTRIBUTION_COLUMNS} FROM attributions
         WHERE TenantId = {tenant:String} AND ${sql} ORDER BY ${NEWEST_KNOWN}`,
        parameters,
      );
      return rows.map(attributionOf);
    },

    search: ({ filter, limit, after }) =>
      inherited(attributionsMatching(filter, after), 'Timestamp DESC, TraceId DESC, SpanId DESC', limit),

    below: (scope, limit) => inherited(attributionsBelow(scope), 'Timestamp, TraceId, SpanId', limit),

    totalsBelow: async (scope) => {
      const { sql, parameters } = attributionsBelow(scope);
      const [counted] = await select<Counted>(
        selection,
        `SELECT toUInt32(count()) AS actions, toUInt32(countIf(StatusCode = 'Error')) AS errors,
           toUInt32(uniqExact(RunId)) AS runs, toUInt32(uniqExact(ServiceName)) AS services
         FROM ${currentWhere(sql)}`,
        parameters,
      );
      if (counted === undefined || counted.actions === 0) return NOTHING;
      const branch = await branchOf(selection, scope);
      const [known] = await select<Pick<Counted, 'runs' | 'services'>>(
        selection,
        `SELECT
           toUInt32(uniqExactIf(RunId, RunId IN (SELECT RunId FROM ${currentWhere(sql)}))) AS runs,
           toUInt32(uniqExactIf(ServiceName, ServiceName IN (SELECT ServiceName FROM ${currentWhere(sql)}))) AS services
         FROM otel_traces
         WHERE TenantId = {tenant:String} AND Assurance != 'refuted' AND ${IS_ACTION} AND ${branch.actions}`,
        { ...parameters, ...branch.parameters },
      );
      return {
        ...counted,
        runs: counted.runs - (known?.runs ?? 0),
        services: counted.services - (known?.services ?? 0),
      };
    },
  };
};

interface Counted {
  readonly actions: number;
  readonly errors: number;
  readonly runs: number;
  readonly services: number;
}

const NOTHING: Counted = { actions: 0, errors: 0, runs: 0, services: 0 };

const END_OF_TIME = 9_000_000_000_000_000n;
