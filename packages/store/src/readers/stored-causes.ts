import { type Cause, isCauseKind, type SpanRef } from '@whence/model';
import type { CauseReader, CausesFound } from './cause-reader.ts';
import { type Parameters, type Selection, select } from './select.ts';

interface CauseRow {
  readonly Kind: string;
  readonly CauseTraceId: string;
  readonly CauseSpanId: string;
  readonly EffectTraceId: string;
  readonly EffectSpanId: string;
}

const EDGE = 'Kind, CauseTraceId, CauseSpanId, EffectTraceId, EffectSpanId';

export const storedCauses = (selection: Selection): CauseReader => {
  const edges = async (
    table: 'causes' | 'causes_by_effect',
    condition: string,
    parameters: Parameters,
    limit: number,
  ): Promise<CausesFound> => {
    const rows = await select<CauseRow>(
      selection,
      `SELECT ${EDGE} FROM ${table} WHERE TenantId = {tenant:String} AND ${condition}
       ORDER BY Timestamp, EffectTraceId, EffectSpanId, CauseTraceId, CauseSpanId, Kind
       LIMIT 1 BY ${EDGE} LIMIT {limit:UInt32}`,
      { ...parameters, limit: limit + 1 },
    );
    return { causes: rows.slice(0, limit).map(causeOf), truncated: rows.length > limit };
  };

  const ofSpan = ({ traceId, spanId }: SpanRef): Parameters => ({ trace: traceId, span: spanId });

  return {
    causesOf: (effect, limit) =>
      edges(
        'causes_by_effect',
        'EffectTraceId = {trace:String} AND EffectSpanId = {span:String}',
        ofSpan(effect),
        limit,
      ),
    effectsOf: (cause, limit) =>
      edges('causes', 'CauseTraceId = {trace:String} AND CauseSpanId = {span:String}', ofSpan(cause), limit),
    effectsOfTrace: (traceId, limit) =>
      edges('causes', 'CauseTraceId = {trace:String}', { trace: traceId }, limit),
  };
};

const causeOf = (row: CauseRow): Cause => ({
  kind: isCauseKind(row.Kind) ? row.Kind : 'link',
  cause: { traceId: row.CauseTraceId, spanId: row.CauseSpanId },
  effect: { traceId: row.EffectTraceId, spanId: row.EffectSpanId },
});
