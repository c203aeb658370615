import type { ActionsOfRows } from './actions-of-rows.ts';
import type { Artefact, ArtefactReader } from './artefact-reader.ts';
import type { Parameters, Selection } from './select.ts';
import { selectActions } from './select-actions.ts';

const NEWEST_FIRST = 'Timestamp DESC, TraceId DESC, SpanId DESC';

export const storedArtefacts = (selection: Selection, recorded: ActionsOfRows): ArtefactReader => ({
  touching: async (artefact, { fromNanos, toNanos }, limit) => {
    const { sql, parameters } = touched(artefact);
    const rows = await selectActions(
      selection,
      {
        condition: `TenantId = {tenant:String} AND ${sql}
          AND Timestamp >= fromUnixTimestamp64Nano({from:Int64}) AND Timestamp < fromUnixTimestamp64Nano({to:Int64})`,
        order: NEWEST_FIRST,
      },
      { ...parameters, from: fromNanos.toString(), to: toNanos.toString(), limit },
    );
    return recorded(rows);
  },
});

const touched = (artefact: Artefact): { readonly sql: string; readonly parameters: Parameters } => {
  if (artefact.kind === 'statement') {
    return { sql: 'StatementHash = {hash:UInt64}', parameters: { hash: artefact.statementHash } };
  }
  const { target, below } = artefact;
  return {
    sql: below ? 'startsWith(Target, {target:String})' : 'Target = {target:String}',
    parameters: { target },
  };
};
