import { ZERO_UUID } from '../runs/run-row.ts';
import { formatNanos } from '../statements/rfc3339.ts';
import { type Parameters, type Selection, select } from '../statements/select.ts';
import type { ArtefactReader, RevisionWork } from './artefact-reader.ts';
import { beginningOf, isShape, shapeOf } from './target-shape.ts';

export const storedArtefacts = (selection: Selection): ArtefactReader => {
  const countedTargets = async (
    condition: string,
    parameters: Parameters & { readonly limit: number },
  ): Promise<readonly string[]> => {
    const rows = await select<{ readonly Target: string }>(
      selection,
      `SELECT Target FROM target_totals WHERE TenantId = {tenant:String} AND ${condition}
       GROUP BY Target ORDER BY max(LastSeen) DESC, Target LIMIT {limit:UInt32}`,
      parameters,
    );
    return rows.map(({ Target }) => Target);
  };

  /** Targets of some shapes that end with a path, or go on below it: from the projection itself, which holds no more. */
  const ofShapes = async (
    shapes: readonly string[],
    path: string,
    limit: number,
  ): Promise<readonly string[]> => {
    if (shapes.length === 0) return [];
    const named = Object.fromEntries(shapes.map((shape, index) => [`shape${index}`, shape]));
    const begins = Object.keys(named).map((name) => `startsWith(Target, ${beginningOf(`{${name}:String}`)})`);
    const rows = await select<{ readonly Target: string }>(
      selection,
      `SELECT Target FROM mergeTreeProjection(currentDatabase(), 'otel_traces', 'by_target')
       WHERE TenantId = {tenant:String} AND (${begins.join(' OR ')}) AND ${isAt('{path:String}')}
       GROUP BY Target ORDER BY max(TimestampTime) DESC, Target LIMIT {limit:UInt32}`,
      { ...named, path, limit },
    );
    return rows.map(({ Target }) => Target);
  };

  return {
    targetsUnder: (prefix, limit) =>
      countedTargets(
        `(startsWith(Target, {prefix:String}) OR startsWith(Target, ${shapeOf('{prefix:String}')}))`,
        { prefix, limit },
      ),

    targetsAt: async (path, limit) => {
      const counted = await countedTargets(isAt(SHAPED_PATH), { path, limit });
      const shapes = counted.filter(isShape);
      const targets = counted.filter((target) => !isShape(target));
      return [...targets, ...(await ofShapes(shapes, path, limit))].slice(0, limit);
    },

    onRevision: async (prefix, limit) => {
      const rows = await select<RevisionRow>(
        selection,
        `SELECT Revision, RunId, ServiceName, argMinMerge(FirstSpan) AS First,
         toString(toUnixTimestamp64Nano(min(FirstSeen))) AS FirstNanos,
         toString(toUnixTimestamp64Nano(max(LastSeen))) AS LastNanos,
         toUInt32(sum(Actions)) AS Count
       FROM revisions WHERE TenantId = {tenant:String} AND startsWith(Revision, {prefix:String})
       GROUP BY Revision, RunId, ServiceName ORDER BY min(FirstSeen), Revision, RunId, ServiceName LIMIT {limit:UInt32}`,
        { prefix: prefix.toLowerCase(), limit },
      );
      return rows.map(revisionWorkOf);
    },
  };
};

/** A path is shaped as the end of any URL. */
const SHAPED_PATH = `substring(${shapeOf("concat('http://h', {path:String})")}, length('http://h') + 1)`;

const isAt = (path: string): string =>
  `(endsWith(Target, ${path}) OR position(Target, concat(${path}, '/')) > 0)`;

interface RevisionRow {
  readonly Revision: string;
  readonly RunId: string;
  readonly ServiceName: string;
  readonly First: readonly [string, string];
  readonly FirstNanos: string;
  readonly LastNanos: string;
  readonly Count: number;
}

const revisionWorkOf = (row: RevisionRow): RevisionWork => ({
  revision: row.Revision,
  ...(row.RunId === ZERO_UUID ? {} : { runId: row.RunId }),
  ...(row.ServiceName === '' ? {} : { service: row.ServiceName }),
  first: { traceId: row.First[0], spanId: row.First[1] },
  firstSeen: formatNanos(BigInt(row.FirstNanos)),
  lastSeen: formatNanos(BigInt(row.LastNanos)),
  actions: row.Count,
});
