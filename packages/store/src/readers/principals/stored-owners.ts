import { newRunId } from '@whence/model';
import { storeErrorOf } from '../../open.ts';
import { type Selection, select } from '../statements/select.ts';
import type { Declaration, OwnerRegister } from './owner-register.ts';
import { DECLARED_OWNERS } from './ownership-condition.ts';

/** Parameters travel in the request line. */
const IDS_PER_STATEMENT = 200;

interface DeclarationRow {
  readonly PrincipalId: string;
  readonly Owner: string;
  readonly Team: string;
  readonly DeclaredBy: string;
  readonly AtMillis: string;
}

export const storedOwners = (selection: Selection): OwnerRegister => {
  const of = async (principals: readonly string[]): Promise<ReadonlyMap<string, Declaration>> => {
    const found = new Map<string, Declaration>();
    for (let from = 0; from < principals.length; from += IDS_PER_STATEMENT) {
      const rows = await select<DeclarationRow>(
        selection,
        `SELECT PrincipalId, Owner, Team, DeclaredBy, toString(toUnixTimestamp64Milli(DeclaredMoment)) AS AtMillis
         FROM (${DECLARED_OWNERS}) WHERE PrincipalId IN {ids:Array(String)}`,
        { ids: principals.slice(from, from + IDS_PER_STATEMENT) },
      );
      for (const row of rows) found.set(row.PrincipalId, declarationOf(row));
    }
    return found;
  };

  const say = async (principal: string, { owner = '', team = '', by }: Omit<Declaration, 'at'>) => {
    const { store, tenant } = selection;
    const at = new Date().toISOString();
    const row = {
      TenantId: tenant,
      PrincipalId: principal,
      Owner: owner,
      Team: team,
      DeclaredBy: by,
      DeclaredAt: at,
      DeclarationId: newRunId(),
    };
    try {
      await store.once((client) =>
        client.insert({
          table: 'principal_owners',
          values: [row],
          format: 'JSONEachRow',
          clickhouse_settings: { async_insert: 0 },
        }),
      );
    } catch (error) {
      throw storeErrorOf(error, store.url);
    }
    return at;
  };

  return {
    of,
    declare: async (principal, said) => ({ ...said, at: await say(principal, said) }),
    withdraw: async (principal, by) => {
      await say(principal, { by });
    },
  };
};

const declarationOf = (row: DeclarationRow): Declaration => ({
  ...(row.Owner === '' ? {} : { owner: row.Owner }),
  ...(row.Team === '' ? {} : { team: row.Team }),
  by: row.DeclaredBy,
  at: new Date(Number(row.AtMillis)).toISOString(),
});
