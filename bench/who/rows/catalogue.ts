import type { Engine } from '../stage/engine.ts';
import { patternOf } from '../work/pattern.ts';
import type { Plan } from '../work/plan.ts';
import { resourceOf } from '../work/services.ts';
import { type Shape, STAMPS } from '../work/shape.ts';

/** The plan as tables, from which the engine makes the rows. */
export const CATALOGUE = 'bench_who';
/** Spans of a shape in one row of the catalogue. */
export const SPANS_PER_CHUNK = 5_000;
const CHUNKS_AT_ONCE = 40;
const EXECUTIONS_AT_ONCE = 200_000;

const TABLES = [
  `executions (Execution UInt32, Shape UInt16, StartMillis UInt64, Stretch UInt16, Principal UInt16, FirstRow UInt64)
   ENGINE = MergeTree ORDER BY Execution SETTINGS index_granularity = 512`,
  `shapes (Shape UInt16, Chunk UInt16, Span Array(UInt32), Trace Array(UInt32), Run Array(Int32), RunStart Array(UInt64),
     Part Array(UInt8), PathRuns Array(Array(UInt32)), PathStarts Array(Array(UInt64)), Parent Array(Int32),
     Kind Array(UInt16), StartMicros Array(UInt64), DurationMicros Array(UInt64), Stamp Array(UInt8),
     Failed Array(UInt8), OpenJob Array(String), OpenTrigger Array(String), OpenAttempt Array(UInt8),
     LinkTo Array(Array(UInt32)), LinkTrace Array(Array(UInt32)), LinkKind Array(Array(String)))
   ENGINE = MergeTree ORDER BY (Shape, Chunk) SETTINGS index_granularity = 1`,
  `runs (Shape UInt16, Run Array(UInt32), RunStart Array(UInt64), Parent Array(Int32), ParentStart Array(UInt64),
     PathRuns Array(Array(UInt32)), PathStarts Array(Array(UInt64)), Job Array(String), Attempt Array(UInt32),
     Trigger Array(String), Part Array(UInt8), Stamp Array(UInt8), Failed Array(UInt8), TookMicros Array(UInt64))
   ENGINE = MergeTree ORDER BY Shape SETTINGS index_granularity = 1`,
  `kinds (Kind UInt16, ServiceName String, Pods UInt16, ResourceKeys Array(String), ResourceValues Array(String),
     Actor String, KindName String, SpanKind String, ScopeName String, System String, Operation String,
     TargetBefore String, TargetPart UInt8, TargetAfter String, Keys Array(LowCardinality(String)),
     Befores Array(String), Parts Array(UInt8), Afters Array(String), StatementHash UInt64, Witness String)
   ENGINE = MergeTree ORDER BY Kind`,
  `principals (Number UInt16, PrincipalId String, PrincipalKind String, Authority String, RunActor String)
   ENGINE = MergeTree ORDER BY Number`,
];

export const writeCatalogue = async (engine: Engine, plan: Plan): Promise<void> => {
  await engine.run(`DROP DATABASE IF EXISTS ${CATALOGUE}`);
  await engine.run(`CREATE DATABASE ${CATALOGUE}`);
  for (const table of TABLES) await engine.run(`CREATE TABLE ${CATALOGUE}.${table}`);

  const { executions, shapes, work, services } = plan;
  for (let from = 0; from < executions.count; from += EXECUTIONS_AT_ONCE) {
    const to = Math.min(executions.count, from + EXECUTIONS_AT_ONCE);
    await engine.insert(`${CATALOGUE}.executions`, executionLines(plan, from, to), 'TSV');
  }
  let chunks: string[] = [];
  const flush = async (): Promise<void> => {
    await engine.insert(`${CATALOGUE}.shapes`, chunks.join('\n'), 'JSONEachRow');
    chunks = [];
  };
  for (const [index, shape] of shapes.entries()) {
    for (let from = 0; from < shape.spans.trace.length; from += SPANS_PER_CHUNK) {
      chunks.push(JSON.stringify(chunkOf(shape, index, from)));
      if (chunks.length === CHUNKS_AT_ONCE) await flush();
    }
  }
  await flush();
  await engine.insert(
    `${CATALOGUE}.runs`,
    shapes.map((shape, index) => JSON.stringify(runsOf(shape, index))).join('\n'),
    'JSONEachRow',
  );
  await engine.insert(
    `${CATALOGUE}.kinds`,
    work.kinds
      .map((kind, index) => {
        const service = services[kind.service]!;
        const resource = resourceOf(service);
        const target = patternOf(kind.target);
        const values = Object.values(kind.attributes).map(patternOf);
        return JSON.stringify({
          Kind: index,
          ServiceName: service.name,
          Pods: service.pods,
          ResourceKeys: Object.keys(resource),
          ResourceValues: Object.values(resource),
          Actor: service.actor,
          KindName: kind.name,
          SpanKind: kind.spanKind,
          ScopeName: kind.scope,
          System: kind.system,
          Operation: kind.operation,
          TargetBefore: target.before,
          TargetPart: target.part,
          TargetAfter: target.after,
          Keys: Object.keys(kind.attributes),
          Befores: values.map(({ before }) => before),
          Parts: values.map(({ part }) => part),
          Afters: values.map(({ after }) => after),
          StatementHash: kind.statementHash.toString(),
          Witness: kind.witness,
        });
      })
      .join('\n'),
    'JSONEachRow',
  );
  await engine.insert(
    `${CATALOGUE}.principals`,
    plan.principals
      .map(({ id, kind, authority, actor }, index) => [index, id, kind, authority, actor].join('\t'))
      .join('\n'),
    'TSV',
  );
};

const executionLines = ({ executions }: Plan, from: number, to: number): string => {
  const { shape, startMillis, stretch, principal, firstRow } = executions;
  const lines: string[] = [];
  for (let i = from; i < to; i++) {
    lines.push(`${i}\t${shape[i]}\t${startMillis[i]}\t${stretch[i]}\t${principal[i]}\t${firstRow[i]}`);
  }
  return lines.join('\n');
};

const chunkOf = ({ spans, runs, job }: Shape, shape: number, from: number): object => {
  const indexes = Array.from(
    { length: Math.min(SPANS_PER_CHUNK, spans.trace.length - from) },
    (_, index) => from + index,
  );
  const runOf = (index: number) => runs[spans.run[index]!];
  const opened = (index: number) => (runOf(index)?.opening === index ? runOf(index) : undefined);
  const links = (index: number) => spans.links.get(index) ?? [];
  return {
    Shape: shape,
    Chunk: from / SPANS_PER_CHUNK,
    Span: indexes,
    Trace: indexes.map((index) => spans.trace[index]),
    Run: indexes.map((index) => spans.run[index]),
    RunStart: indexes.map((index) => runOf(index)?.startMicros ?? 0),
    Part: indexes.map((index) => runOf(index)?.part ?? 0),
    PathRuns: indexes.map((index) => runOf(index)?.path ?? []),
    PathStarts: indexes.map((index) => (runOf(index)?.path ?? []).map((run) => runs[run]!.startMicros)),
    Parent: indexes.map((index) => spans.parent[index]),
    Kind: indexes.map((index) => spans.kind[index]),
    StartMicros: indexes.map((index) => spans.startMicros[index]),
    DurationMicros: indexes.map((index) => spans.durationMicros[index]),
    Stamp: indexes.map((index) => STAMPS.indexOf(spans.stamp[index]!)),
    Failed: indexes.map((index) => Number(spans.failed[index])),
    OpenJob: indexes.map((index) => jobName(opened(index)?.job, job, shape)),
    OpenTrigger: indexes.map((index) => opened(index)?.trigger ?? ''),
    OpenAttempt: indexes.map((index) => opened(index)?.attempt ?? 0),
    LinkTo: indexes.map((index) => links(index).map(({ to }) => to)),
    LinkTrace: indexes.map((index) => links(index).map(({ to }) => spans.trace[to])),
    LinkKind: indexes.map((index) => links(index).map(({ kind }) => kind)),
  };
};

const runsOf = ({ runs, spans, job }: Shape, shape: number): object => ({
  Shape: shape,
  Run: runs.map((_, index) => index),
  RunStart: runs.map(({ startMicros }) => startMicros),
  Parent: runs.map(({ parent = -1 }) => parent),
  ParentStart: runs.map(({ parent }) => (parent === undefined ? 0 : runs[parent]!.startMicros)),
  PathRuns: runs.map(({ path }) => path),
  PathStarts: runs.map(({ path }) => path.map((run) => runs[run]!.startMicros)),
  Job: runs.map((run) => jobName(run.job, job, shape)),
  Attempt: runs.map(({ attempt }) => attempt),
  Trigger: runs.map(({ trigger }) => trigger),
  Part: runs.map(({ part }) => part),
  Stamp: runs.map(({ opening }) => STAMPS.indexOf(spans.stamp[opening]!)),
  Failed: runs.map(({ failed }) => Number(failed)),
  TookMicros: runs.map(({ opening }) => spans.durationMicros[opening]),
});

/** Jobs of one shape have names of their own. */
const jobName = (run: string | undefined, job: string, shape: number): string =>
  run === undefined ? '' : `${job}-${shape}/${run}`;
