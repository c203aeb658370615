import { type Selection, select } from '../../readers/statements/select.ts';
import {
  HOUR,
  RECEIVED,
  type ReceivedWindow,
  receivedParameters,
  SEEN,
  type Seen,
  type SeenRow,
  seenOf,
} from './received.ts';

/** What a collector had taken and could not keep. Whose it was is not known any more. */
export interface CollectorGap {
  readonly table: string;
  readonly batchId: string;
  readonly reason: string;
  readonly rows: number;
  readonly collector: string;
  readonly detectedMillis: number;
}

interface GapRow {
  readonly Lost: string;
  readonly Batch: string;
  readonly Why: string;
  readonly Rows: number;
  readonly Host: string;
  readonly Detected: string;
}

/** Each once. Reads the rows of `gaps` of the window. They belong to no tenant: each is told of them, without content. */
export const collectorGaps = async (
  selection: Selection,
  window: ReceivedWindow,
): Promise<readonly CollectorGap[]> => {
  const rows = await select<GapRow>(
    selection,
    `SELECT toString(LostTable) AS Lost, toString(LostBatchId) AS Batch, toString(Reason) AS Why, max(LostRows) AS Rows,
       toString(any(Collector)) AS Host, toString(toUnixTimestamp64Milli(min(DetectedAt))) AS Detected
     FROM gaps WHERE {tenant:String} != '' AND ${RECEIVED} GROUP BY Lost, Batch, Why ORDER BY Detected, Batch`,
    receivedParameters(window),
  );
  return rows.map((row) => ({
    table: row.Lost,
    batchId: row.Batch,
    reason: row.Why,
    rows: row.Rows,
    collector: row.Host,
    detectedMillis: Number(row.Detected),
  }));
};

/** Spans that a service says it has lost. */
export interface LostSpans extends Seen {
  readonly service: string;
  readonly actor: string;
  readonly lost: number;
  readonly reasons: readonly string[];
  readonly hourMillis: number;
}

interface LostRow extends SeenRow {
  readonly Service: string;
  readonly ActorId: string;
  readonly Lost: number;
  readonly Reasons: readonly string[];
  readonly HourSeconds: number;
}

/** By service, workload and hour of receipt. Reads the names of spans of the window, and these spans. */
export const lostSpans = async (
  selection: Selection,
  window: ReceivedWindow,
): Promise<readonly LostSpans[]> => {
  const rows = await select<LostRow>(
    selection,
    `SELECT toString(ServiceName) AS Service, toString(Actor) AS ActorId, ${HOUR}, ${SEEN},
       sum(least(toUInt64OrZero(SpanAttributes['whence.spans.lost']), 4294967295)) AS Lost,
       arraySort(groupUniqArray(5)(substring(SpanAttributes['whence.spans.lost.reason'], 1, 200))) AS Reasons
     FROM otel_traces
     PREWHERE TenantId = {tenant:String} AND ${RECEIVED} AND SpanName = 'spans lost'
     WHERE SpanAttributes['whence.spans.lost'] != ''
     GROUP BY Service, ActorId, HourSeconds ORDER BY HourSeconds, Service, ActorId`,
    receivedParameters(window),
  );
  return rows.map((row) => ({
    ...seenOf(row),
    service: row.Service,
    actor: row.ActorId,
    lost: row.Lost,
    reasons: row.Reasons.filter((reason) => reason !== ''),
    hourMillis: row.HourSeconds * 1000,
  }));
};

/** How many numbers of a process have come, and how many have not. Milliseconds since the epoch. */
export interface ProcessSequence {
  readonly service: string;
  readonly instance: string;
  readonly actor: string;
  /** Greatest number that came before the moment up to which is judged; 0: none did. */
  readonly last: number;
  /** Numbers from 1 to `last` that have not come, later either. */
  readonly missing: number;
  /** To the hour. */
  readonly firstMillis: number;
  readonly lastMillis: number;
}

const HOUR_MILLIS = 3_600_000;

interface SequenceRow {
  readonly Service: string;
  readonly InstanceId: string;
  readonly ActorId: string;
  readonly Greatest: string;
  readonly Came: string;
  readonly First: number;
  readonly Last: number;
}

/**
 * Processes of which something came in the window, whole hours. Reads, of each, one row of `process_sequences` for each
 * hour of its life.
 *
 * @param judgedToMillis what came later may have others before it that are on their way
 */
export const processSequences = async (
  selection: Selection,
  window: ReceivedWindow,
  judgedToMillis: number,
): Promise<readonly ProcessSequence[]> => {
  const rows = await select<SequenceRow>(
    selection,
    `SELECT Service, InstanceId, ActorId, toString(Settled) AS Greatest, First, Last,
       toString(if(Settled = 0, 0, bitmapCardinality(bitmapSubsetInRange(came, toUInt32(1), toUInt32(Settled + 1))))) AS Came
     FROM (
       SELECT toString(ServiceName) AS Service, Instance AS InstanceId, toString(any(Actor)) AS ActorId,
         groupBitmapMergeState(Numbers) AS came,
         bitmapMax(groupBitmapMergeStateIf(Numbers, ReceivedHour < toStartOfHour(fromUnixTimestamp64Milli({judged:Int64}, 'UTC')))) AS Settled,
         toUnixTimestamp(min(ReceivedHour)) AS First, toUnixTimestamp(max(ReceivedHour)) AS Last
       FROM process_sequences
       WHERE TenantId = {tenant:String} AND (ServiceName, Instance) IN (
         SELECT ServiceName, Instance FROM process_sequences
         WHERE TenantId = {tenant:String} AND ReceivedHour >= toStartOfHour(fromUnixTimestamp64Milli({from:Int64}, 'UTC'))
           AND ReceivedHour < fromUnixTimestamp64Milli({to:Int64}, 'UTC'))
       GROUP BY ServiceName, Instance)
     ORDER BY Last, Service, InstanceId`,
    { ...receivedParameters(window), judged: judgedToMillis },
  );
  return rows.map((row) => ({
    service: row.Service,
    instance: row.InstanceId,
    actor: row.ActorId,
    last: Number(row.Greatest),
    missing: Number(row.Greatest) - Number(row.Came),
    firstMillis: row.First * 1000,
    lastMillis: row.Last * 1000 + HOUR_MILLIS - 1,
  }));
};
