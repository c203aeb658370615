import { clickHouseError } from './clickhouse-error.ts';
import { type InsertStatement, readInsert } from './insert-statement.ts';
import { type QueryStatement, readQuery } from './query-statement.ts';

/** The longest statement, without an INSERT's rows, in bytes. */
const MAX_STATEMENT_BYTES = 16 * 2 ** 20;

export type Statement =
  | { readonly form: 'query'; readonly query: QueryStatement }
  | {
      readonly form: 'insert';
      readonly insert: InsertStatement;
      /** The rows, which have been read no further than the statement needed. */
      readonly rows: AsyncIterable<Uint8Array>;
    };

/**
 * Puts the statement together from the URL and the body, the way ClickHouse does: one after the other with a line
 * break between. Of an INSERT's body, only the beginning is held in memory.
 *
 * @param urlQuery the text of `?query=`, as latin1
 * @throws ClickHouseError
 */
export async function readStatement(urlQuery: string, body: AsyncIterable<Buffer>): Promise<Statement> {
  const pieces = body[Symbol.asyncIterator]();
  if (urlQuery !== '') {
    const inUrl = readInsert(urlQuery.trimEnd(), true);
    if (inUrl.status === 'insert') {
      const { insert } = inUrl;
      const inline = urlQuery.trimEnd().slice(insert.dataStart);
      return { form: 'insert', insert, rows: rest(inline === '' ? '' : `${inline}\n`, pieces) };
    }
  }
  let head = urlQuery === '' ? '' : `${urlQuery}\n`;
  let seemsInsert = urlQuery === '';
  for (;;) {
    if (seemsInsert) {
      const reading = readInsert(head, false);
      if (reading.status === 'insert') return fromBody(reading.insert, head, pieces);
      seemsInsert = reading.status === 'more';
    }
    const next = await pieces.next();
    if (next.done) break;
    head += next.value.toString('latin1');
    if (head.length > MAX_STATEMENT_BYTES) {
      throw clickHouseError('QUERY_IS_TOO_LARGE', `Statements may have ${MAX_STATEMENT_BYTES} bytes at most`);
    }
  }
  const reading = seemsInsert ? readInsert(head, true) : undefined;
  if (reading?.status === 'insert' && reading.insert.format !== undefined)
    return fromBody(reading.insert, head, pieces);
  return { form: 'query', query: readQuery(head) };
}

function fromBody(insert: InsertStatement, head: string, pieces: AsyncIterator<Buffer>): Statement {
  return { form: 'insert', insert, rows: rest(head.slice(insert.dataStart), pieces) };
}

async function* rest(start: string, pieces: AsyncIterator<Buffer>): AsyncGenerator<Uint8Array> {
  if (start !== '') yield Buffer.from(start, 'latin1');
  yield* { [Symbol.asyncIterator]: () => pieces };
}
