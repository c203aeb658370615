import { type Selection, select } from '../../readers/select.ts';

/** Whether the schema of this store has a table. */
export const hasTable = async (selection: Selection, name: string): Promise<boolean> => {
  const rows = await select(
    selection,
    `SELECT 1 FROM system.tables
     WHERE database = currentDatabase() AND name = {name:String} AND {tenant:String} = {tenant:String}`,
    { name },
  );
  return rows.length > 0;
};
