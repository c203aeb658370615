import type { PrincipalKind } from '@whence/model';
import { DECLARED_OWNERS } from '../../readers/principals/ownership-condition.ts';
import { EVERYONE, rowsByPrincipal } from '../../readers/principals/rollup-rows.ts';
import { principalKindOf } from '../../readers/runs/run-row.ts';
import { type Selection, select } from '../../readers/statements/select.ts';
import { likeOf } from '../muted-condition.ts';

/** A principal that acts, and that nobody answers for. Milliseconds since the epoch. */
export interface Ownerless {
  readonly principal: string;
  readonly kind: PrincipalKind;
  readonly actions: number;
  readonly firstMillis: number;
  readonly lastMillis: number;
}

interface OwnerlessRow {
  readonly Principal: string;
  readonly KindNow: string;
  readonly ActionCount: number;
  readonly First: string;
  readonly Last: string;
}

export interface OwnerlessAsked {
  /** Seen then or later. */
  readonly sinceMillis: number;
  /** What the owners file gives owners to, `*` for any characters. */
  readonly patterns: readonly string[];
}

/**
 * Undefined where nobody is named for anything at all: then ownership is not kept here. People answer for themselves.
 * Reads `principals`: one row for each principal, service, workload and assurance.
 */
export const ownerlessPrincipals = async (
  selection: Selection,
  { sinceMillis, patterns }: OwnerlessAsked,
): Promise<readonly Ownerless[] | undefined> => {
  if (patterns.length === 0) {
    const declared = await select(selection, `SELECT 1 FROM (${DECLARED_OWNERS}) LIMIT 1`);
    if (declared.length === 0) return undefined;
  }
  const rows = await select<OwnerlessRow>(
    selection,
    `SELECT Principal, argMax(Kind, LastSeen) AS KindNow, sum(Actions) AS ActionCount,
       toString(toUnixTimestamp64Milli(min(FirstSeen))) AS First, toString(toUnixTimestamp64Milli(max(LastSeen))) AS Last
     FROM ${rowsByPrincipal('principals', 'Assurance, Actions, FirstSeen, LastSeen', EVERYONE)}
     WHERE Principal != '' AND Assurance != 'asserted'
       AND NOT arrayExists(pattern -> Principal LIKE pattern, {patterns:Array(String)})
       AND Principal NOT IN (SELECT PrincipalId FROM (${DECLARED_OWNERS}))
     GROUP BY Principal HAVING KindNow != 'human' AND max(LastSeen) >= fromUnixTimestamp64Milli({since:Int64})
     ORDER BY ActionCount DESC, Principal`,
    { patterns: patterns.map(likeOf), since: sinceMillis },
  );
  return rows.map((row) => ({
    principal: row.Principal,
    kind: principalKindOf(row.KindNow),
    actions: row.ActionCount,
    firstMillis: Number(row.First),
    lastMillis: Number(row.Last),
  }));
};
