import type { RowTable } from '../tables/columns.ts';
import { type Damage, recoverSegment } from './recover-segment.ts';
import { CURSOR_SUFFIX, DATA_SUFFIX, INDEX_SUFFIX, type SealedSegment } from './segment.ts';
import type { SegmentFolder } from './segment-folder.ts';
import type { SpoolLog } from './spool.ts';

export interface FoundDamage extends Damage {
  readonly segmentId: string;
}

/** What an earlier process has left. */
export interface Recovered {
  /** To be sent, the oldest first. */
  readonly segments: readonly SealedSegment[];
  /** One for each segment that has any. */
  readonly damage: readonly FoundDamage[];
}

/** Reads every segment of the folder; what is damaged through and through is set aside, what was shipped is cleared away. */
export const recoverFolder = async (
  folder: SegmentFolder,
  table: RowTable,
  log: SpoolLog,
): Promise<Recovered> => {
  const segments: SealedSegment[] = [];
  const damage: FoundDamage[] = [];
  const ids = (await folder.withSuffix(DATA_SUFFIX)).sort();
  for (const id of ids) {
    const recovered = await recoverSegment(folder.path, id, table);
    if (recovered.status === 'empty') {
      if (recovered.droppedBytes > 0) sayTorn(log, id, recovered.droppedBytes);
      await folder.remove(id);
      continue;
    }
    if (recovered.status === 'damaged') {
      damage.push({ segmentId: id, ...recovered.damage });
      log.error(
        { segment: id, ...recovered.damage, sentRows: recovered.segment?.rows ?? 0 },
        'spool segment is damaged: what can be read of it is sent, then the file is kept in damaged/',
      );
      if (recovered.segment === undefined) await folder.setAside(id, 'damaged');
    } else if (recovered.droppedBytes > 0) sayTorn(log, id, recovered.droppedBytes);
    if (recovered.segment !== undefined) segments.push(recovered.segment);
  }
  for (const suffix of [INDEX_SUFFIX, CURSOR_SUFFIX]) {
    for (const id of await folder.withSuffix(suffix)) {
      if (ids.includes(id)) continue;
      log.warn({ file: id + suffix }, 'removed what is left of a segment that was shipped');
      await folder.remove(id);
    }
  }
  return { segments, damage };
};

const sayTorn = (log: SpoolLog, segment: string, bytes: number): void =>
  log.warn({ segment, bytes }, 'dropped a torn, unacknowledged tail');
