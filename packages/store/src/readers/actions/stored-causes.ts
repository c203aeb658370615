import { type Cause, isCauseKind, type SpanRef } from '@whence/model';
import {
  BY_ID,
  BY_KEY,
  OF_TENANT,
  type Parameters,
  type Selection,
  select,
  type Way,
} from '../statements/select.ts';
import type { CauseReader, CausesFound } from './cause-reader.ts';

interface CauseRow {
  readonly Kind: string;
  readonly CauseTraceId: string;
  readonly CauseSpanId: string;
  readonly EffectTraceId: string;
  readonly EffectSpanId: string;
}

const BY_CAUSE = 'TenantId = {tenant:String} AND CauseTraceId = {trace:String}';
const EDGE = 'Kind, CauseTraceId, CauseSpanId, EffectTraceId, EffectSpanId';

export const storedCauses = (selection: Selection): CauseReader => {
  const edges = async (
    way: Way,
    condition: string,
    parameters: Parameters,
    limit: number,
  ): Promise<CausesFound> => {
    const rows = await select<CauseRow>(
      selection,
      `SELECT ${EDGE} FROM causes WHERE ${condition}
       ORDER BY Timestamp, EffectTraceId, EffectSpanId, CauseTraceId, CauseSpanId, Kind
       LIMIT 1 BY ${EDGE} LIMIT {limit:UInt32}`,
      { ...parameters, limit: limit + 1 },
      way,
    );
    return { causes: rows.slice(0, limit).map(causeOf), truncated: rows.length > limit };
  };

  const ofSpan = ({ traceId, spanId }: SpanRef): Parameters => ({ trace: traceId, span: spanId });

  return {
    causesOf: (effect, limit) =>
      edges(
        BY_ID,
        `EffectTraceId = {trace:String} AND EffectSpanId = {span:String} AND ${OF_TENANT}`,
        ofSpan(effect),
        limit,
      ),
    effectsOf: (cause, limit) =>
      edges(BY_KEY, `${BY_CAUSE} AND CauseSpanId = {span:String}`, ofSpan(cause), limit),
    effectsOfTrace: (traceId, limit) => edges(BY_KEY, BY_CAUSE, { trace: traceId }, limit),
  };
};

const causeOf = (row: CauseRow): Cause => ({
  kind: isCauseKind(row.Kind) ? row.Kind : 'link',
  cause: { traceId: row.CauseTraceId, spanId: row.CauseSpanId },
  effect: { traceId: row.EffectTraceId, spanId: row.EffectSpanId },
});
