export interface DescribedColumn {
  readonly name: string;
  readonly type: string;
}

const CREATE_TABLE = /^\s*CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?([^\s(]+)[^(]*\(/i;
const NO_COLUMN = /^(?:INDEX|CONSTRAINT|PROJECTION|PRIMARY)\s/i;
const AFTER_TYPE = /^(?:CODEC|DEFAULT|MATERIALIZED|ALIAS|COMMENT|TTL|EPHEMERAL|NULL|NOT)\b/i;

/** The table and the columns that a CREATE TABLE makes; undefined where the statement is another. */
export const columnsCreated = (
  sql: string,
): { readonly table: string; readonly columns: readonly DescribedColumn[] } | undefined => {
  const found = CREATE_TABLE.exec(sql);
  if (found === null) return undefined;
  const body = sql.slice(found[0].length);
  const columns = partsOf(body)
    .filter((part) => !NO_COLUMN.test(part))
    .map(columnIn)
    .flatMap(flattened);
  return { table: tableName(found[1]!), columns };
};

/** Without database and quotes. */
export const tableName = (text: string): string =>
  text.slice(text.lastIndexOf('.') + 1).replaceAll(/[`"]/g, '');

/** What lies between commas, up to the bracket that closes. */
const partsOf = (body: string): readonly string[] => {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < body.length; i++) {
    const character = body[i];
    if (character === '(') depth++;
    if (character === ')' && depth-- === 0) {
      parts.push(body.slice(start, i));
      break;
    }
    if (character === ',' && depth === 0) {
      parts.push(body.slice(start, i));
      start = i + 1;
    }
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '');
};

/** `Nested` is stored, and described, as one array for each of its columns. */
const flattened = (column: DescribedColumn): readonly DescribedColumn[] => {
  const [, inner] = /^Nested\s*\(([\s\S]*)$/.exec(column.type) ?? [];
  if (inner === undefined) return [column];
  return partsOf(inner)
    .map(columnIn)
    .map(({ name, type }) => ({ name: `${column.name}.${name}`, type: `Array(${type})` }));
};

const columnIn = (part: string): DescribedColumn => {
  const [, name, rest] = /^[`"]?([\w.]+)[`"]?\s+([\s\S]*)$/.exec(part) ?? ['', part, ''];
  let depth = 0;
  for (let i = 0; i < rest!.length; i++) {
    if (rest![i] === '(') depth++;
    else if (rest![i] === ')') depth--;
    else if (depth === 0 && /\s/.test(rest![i]!) && AFTER_TYPE.test(rest!.slice(i).trimStart())) {
      return { name: name!, type: rest!.slice(0, i).trim() };
    }
  }
  return { name: name!, type: rest!.trim() };
};
