import { WHENCE } from '@whence/model';
import type { Plan } from '../work/plan.ts';
import { STAMPS } from '../work/shape.ts';
import { PRINCIPAL_INDEX } from '../work/truth.ts';
import { CATALOGUE } from './catalogue.ts';
import { hashOf, runIdHigh, runIdLow, spanId, traceId, uuidOf, ZERO_UUID } from './ids.ts';

/** What is inserted at once. */
export interface Batch {
  readonly fromExecution: number;
  readonly toExecution: number;
  /** Of great shapes a part. */
  readonly fromChunk: number;
  readonly toChunk: number;
}

const stamp = (name: (typeof STAMPS)[number]): number => STAMPS.indexOf(name);

/** The row knows its run's record. */
const RECORDED = `Stamp IN (${stamp('verified')}, ${stamp('asserted')})`;
const NANOS_PER_MILLI = 1_000_000;
/** A collector's segment: rows that came within so long carry the same batch id and time of receipt. */
const SEGMENT_MILLIS = 10_000;

/** Columns of a span as an OpenTelemetry exporter writes it, as expressions on `spanSource`. */
export const OTEL_COLUMNS = (seed: number): Readonly<Record<string, string>> => {
  const execution = 'Execution';
  return {
    Timestamp: 'fromUnixTimestamp64Nano(StartNanos)',
    TraceId: traceId(seed, execution, 'Trace'),
    SpanId: spanId(seed, execution, 'Span'),
    ParentSpanId: `if(Parent < 0, '', ${spanId(seed, execution, 'Parent')})`,
    TraceState: 'State',
    SpanName: `if(OpenJob = '', KindName, OpenJob)`,
    SpanKind: 'SpanKind',
    ServiceName: 'ServiceName',
    ResourceAttributes: `mapFromArrays(ResourceKeys, arrayMap(value -> replaceOne(value, '{pod}', Pod), ResourceValues))`,
    ScopeName: 'ScopeName',
    ScopeVersion: `'0.301.0'`,
    SpanAttributes: `if(OpenJob = '', mapFromArrays(Keys, Values), mapFromArrays(arrayConcat(Keys, OpenKeys), arrayConcat(Values, OpenValues)))`,
    Duration: 'DurationNanos',
    StatusCode: `if(Failed = 1, 'Error', 'Unset')`,
    StatusMessage: `if(Failed = 1, 'the other side closed the connection', '')`,
    '`Events.Timestamp`': `if(Failed = 1, [fromUnixTimestamp64Nano(StartNanos + toInt64(DurationNanos))], [])`,
    '`Events.Name`': `if(Failed = 1, ['exception'], [])`,
    '`Events.Attributes`': `if(Failed = 1, [map('exception.type', 'Error', 'exception.message', 'the other side closed the connection')], [])`,
    '`Links.TraceId`': `arrayMap(x -> ${traceId(seed, execution, 'x')}, LinkTrace)`,
    '`Links.SpanId`': `arrayMap(x -> ${spanId(seed, execution, 'x')}, LinkTo)`,
    '`Links.TraceState`': `arrayMap(x -> State, LinkTo)`,
    '`Links.Attributes`': `arrayMap(kind -> map('${WHENCE.cause.key}', kind), LinkKind)`,
  };
};

/** What the collector adds. */
export const WHENCE_COLUMNS = (seed: number): Readonly<Record<string, string>> => ({
  ...OTEL_COLUMNS(seed),
  TenantId: `'default'`,
  Actor: 'Actor',
  Witness: 'Witness',
  RunId: `if(Run < 0, ${ZERO_UUID}, ${uuidOf('RunHigh', 'RunLow')})`,
  RootRunId: `if(${RECORDED}, if(empty(Path), ${uuidOf('RunHigh', 'RunLow')}, Path[1]), ${ZERO_UUID})`,
  RunPath: `if(${RECORDED}, Path, [])`,
  PrincipalId: `if(${RECORDED}, PrincipalId, '')`,
  PrincipalKind: `if(${RECORDED}, PrincipalKind, '')`,
  Authority: `if(${RECORDED}, Authority, '')`,
  Assurance: `['none', 'verified', 'verified', 'asserted', 'refuted'][Stamp + 1]`,
  System: 'System',
  Operation: 'Operation',
  Target: 'Target',
  StatementHash: 'StatementHash',
  BatchId: uuidOf(
    `bitOr(bitShiftLeft(SegmentMillis, 16), toUInt64(28672))`,
    `bitOr(bitShiftLeft(toUInt64(2), 62), bitShiftRight(${hashOf(seed, `'batch'`, 'SegmentMillis')}, 2))`,
  ),
  RowNumber: 'toUInt32(FirstRow + Span)',
  ReceivedAt: `fromUnixTimestamp64Milli(toInt64(SegmentMillis), 'UTC')`,
});

const CELLS = [
  ...['Span', 'Trace', 'Run', 'RunStart', 'Part', 'PathRuns', 'PathStarts', 'Parent', 'Kind', 'StartMicros'],
  ...[
    'DurationMicros',
    'Stamp',
    'Failed',
    'OpenJob',
    'OpenTrigger',
    'OpenAttempt',
    'LinkTo',
    'LinkTrace',
    'LinkKind',
  ],
];

const withPart = (before: string, part: string, after: string): string =>
  `multiIf(${part} = 0, ${before}, concat(${before},
     [N, S, H, U, I][${part}], ${after}))`;

/** One row for each span of a batch, with everything that its columns are made of. */
export const spanSource = ({ seed, principals }: Plan, batch: Batch): string => {
  const executions = `Execution >= ${batch.fromExecution} AND Execution < ${batch.toExecution}`;
  const cells = `SELECT Execution, StartMillis, Stretch, Principal, FirstRow, ${CELLS.join(', ')}
    FROM (
      SELECT * FROM (SELECT * FROM ${CATALOGUE}.executions WHERE ${executions}) AS execution
      INNER JOIN (
        SELECT * FROM ${CATALOGUE}.shapes WHERE Chunk >= ${batch.fromChunk} AND Chunk < ${batch.toChunk}
          AND Shape IN (SELECT Shape FROM ${CATALOGUE}.executions WHERE ${executions})
      ) AS shape USING (Shape)
    ) ARRAY JOIN ${CELLS.join(', ')}`;
  const opened: readonly (readonly [string, string])[] = [
    [WHENCE.runId.key, `toString(${uuidOf('RunHigh', 'RunLow')})`],
    [WHENCE.runJob.key, 'OpenJob'],
    [WHENCE.runAttempt.key, 'toString(OpenAttempt)'],
    [WHENCE.runTrigger.key, 'OpenTrigger'],
    [WHENCE.assurance.key, `if(Stamp = ${stamp('asserted')}, 'asserted', 'verified')`],
    [WHENCE.principalId.key, 'PrincipalId'],
    [WHENCE.principalKind.key, 'PrincipalKind'],
    [WHENCE.authorityId.key, 'Authority'],
  ];
  return `SELECT *,
      arrayMap((before, part, after) -> ${withPart('before', 'part', 'after')}, Befores, Parts, Afters) AS Values,
      ${withPart('TargetBefore', 'TargetPart', 'TargetAfter')} AS Target,
      arrayMap((run, start) -> ${uuidOf(runIdHigh(seed, 'Execution', 'run', 'start'), runIdLow(seed, 'Execution', 'run'))},
        PathRuns, PathStarts) AS Path,
      [${opened.map(([key]) => `'${key}'`).join(', ')}] AS OpenKeys,
      if(OpenJob = '', [], [${opened.map(([, value]) => value).join(', ')}]) AS OpenValues,
      multiIf(Stamp = 0, '', Stamp = ${stamp('asserted')}, concat('whence=', Reference),
        concat('whence=', Reference, '.k1.', substring(base64URLEncode(reinterpretAsFixedString(
          ${hashOf(seed, `'mac'`, 'RunLow', `Stamp = ${stamp('refuted')}`)})), 1, 11), 'x9f3A')) AS State
    FROM (
      SELECT *,
        ${hashOf(seed, 'Execution', 'Span')} AS Hash,
        toString(Hash % 1000000) AS N, toString(bitAnd(bitShiftRight(Hash, 20), 255)) AS S,
        lower(hex(reinterpretAsFixedString(intHash64(Hash)))) AS H,
        concat(H, lower(hex(reinterpretAsFixedString(intHash64(Hash + 1))))) AS U,
        toString(${hashOf(seed, 'Execution')} % 100000) AS I,
        toString(${hashOf(seed, 'Execution', 'ServiceName')} % Pods) AS Pod,
        toInt64(StartMillis * ${NANOS_PER_MILLI} + StartMicros * Stretch + bitShiftRight(Hash, 32) % 1000) AS StartNanos,
        DurationMicros * Stretch + Hash % 1000 AS DurationNanos,
        (intDiv(toUInt64(StartNanos) + DurationNanos, ${SEGMENT_MILLIS * NANOS_PER_MILLI}) + 1) * ${SEGMENT_MILLIS} AS SegmentMillis,
        ${runIdHigh(seed, 'Execution', 'Run', 'RunStart')} AS RunHigh,
        ${runIdLow(seed, 'Execution', 'Run')} AS RunLow,
        base64URLEncode(concat(reverse(reinterpretAsFixedString(RunHigh)), reverse(reinterpretAsFixedString(RunLow)))) AS Reference
      FROM (${cells}) AS cell
      INNER JOIN ${CATALOGUE}.kinds AS kind USING (Kind)
      INNER JOIN ${CATALOGUE}.principals AS person ON person.Number = ${PRINCIPAL_INDEX('cell.Principal', 'cell.Part', principals.length)}
    )`;
};
