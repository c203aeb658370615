import type { ActionReader } from '../actions/action-reader.ts';
import { DOINGS, type DoingsRow, doingsOf } from '../principals/doings.ts';
import { type Selection, select } from '../statements/select.ts';
import { historyOf } from './target-history.ts';
import type { TargetOrder, TargetPage, TargetReader, TargetSearch } from './target-reader.ts';
import { shapeOf } from './target-shape.ts';

/** Descending; equals by target. */
const SORTED_BY: Readonly<Record<TargetOrder, string>> = {
  last_seen: 'toUnixTimestamp64Nano(max(LastSeen))',
  actions: 'toInt64(sum(Actions))',
  target: 'toInt64(0)',
};

interface TargetRow extends DoingsRow {
  readonly Target: string;
  readonly Systems: readonly string[];
  readonly SortValue: string;
}

export const storedTargets = (selection: Selection, actions: ActionReader): TargetReader => ({
  list: (search) => listTargets(selection, search),
  history: (asked) => historyOf(actions, asked),
});

const listTargets = async (
  selection: Selection,
  { prefix, text, system, order, limit, after }: TargetSearch,
): Promise<TargetPage> => {
  const rows = [
    'TenantId = {tenant:String}',
    ...(prefix === undefined
      ? []
      : [`(startsWith(Target, {prefix:String}) OR startsWith(Target, ${shapeOf('{prefix:String}')}))`]),
    ...(text === undefined ? [] : ['positionCaseInsensitiveUTF8(Target, {text:String}) > 0']),
    ...(system === undefined ? [] : ['System = {system:String}']),
    // In its own order the table is read from where the page before ended.
    ...(after !== undefined && order === 'target' ? ['Target > {afterTarget:String}'] : []),
  ];
  const found = await select<TargetRow>(
    selection,
    `SELECT Target, arraySort(groupUniqArrayIf(toString(System), System != '')) AS Systems, ${DOINGS},
       ${SORTED_BY[order]} AS Sorted, toString(Sorted) AS SortValue
     FROM target_totals WHERE ${rows.join(' AND ')} GROUP BY Target
     ${after === undefined || order === 'target' ? '' : `HAVING ${AFTER}`}
     ORDER BY ${order === 'target' ? '' : 'Sorted DESC, '}Target LIMIT {limit:UInt32}`,
    {
      limit: limit + 1,
      ...(prefix === undefined ? {} : { prefix }),
      ...(text === undefined ? {} : { text }),
      ...(system === undefined ? {} : { system }),
      ...(after === undefined ? {} : { afterValue: after.value.toString(), afterTarget: after.target }),
    },
  );
  const last = found[limit - 1];
  return {
    targets: found
      .slice(0, limit)
      .map((row) => ({ target: row.Target, systems: row.Systems, ...doingsOf(row) })),
    ...(found.length > limit && last !== undefined
      ? { next: { value: BigInt(last.SortValue), target: last.Target } }
      : {}),
  };
};

const AFTER =
  '(Sorted < {afterValue:Int64} OR Sorted = {afterValue:Int64} AND Target > {afterTarget:String})';
