import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { helloBlock, nativeBlock } from './native-block.ts';
import { columnsCreated, type DescribedColumn, tableName } from './table-columns.ts';

/**
 * A program that speaks ClickHouse's HTTP interface to collectors and keeps nothing: it counts the rows of
 * `otel_traces` that it swallows. What comes again under a deduplication token counts once, as with the real server.
 */
export interface Swallowed {
  readonly rows: number;
  readonly bytes: number;
  readonly inserts: number;
  /** Milliseconds since the epoch of the last insert. */
  readonly lastAt: number;
  /** Statements that nobody knew an answer to. */
  readonly unknown: readonly string[];
}

/** Every span of the load carries one reference, and every exporter writes `tracestate` as it is: once per row. */
const ONCE_PER_ROW = Buffer.from('whence=');
const HELLO = /^\s*SELECT\s+displayName\(\)/i;
const INSERT = /^\s*INSERT\s+INTO\s+([^\s(]+)/i;
const DESCRIBE = /^\s*DESC(?:RIBE)?(?:\s+TABLE)?\s+([^\s;]+)/i;
const OF_BATCH = /WHERE BatchId = /;
const COUNT = /uniqExact\(RowNumber\)/;
const TRACES = 'otel_traces';

const tables = new Map<string, readonly DescribedColumn[]>();
/** Rows of each insert, by deduplication token: the batch's id comes first in it. */
const tokens = new Map<string, number>();
const unknown: string[] = [];
let rows = 0;
let bytes = 0;
let inserts = 0;
let lastAt = 0;

const swallow = async (request: IncomingMessage, token: string | null): Promise<void> => {
  let found = 0;
  let length = 0;
  let tail: Buffer = Buffer.alloc(0);
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    found += occurrences(Buffer.concat([tail, chunk.subarray(0, ONCE_PER_ROW.length - 1)]), ONCE_PER_ROW);
    found += occurrences(chunk, ONCE_PER_ROW);
    tail = Buffer.concat([tail, chunk.subarray(-(ONCE_PER_ROW.length - 1))]).subarray(
      -(ONCE_PER_ROW.length - 1),
    );
  }
  if (token !== null) {
    if (tokens.has(token)) return;
    tokens.set(token, found);
  }
  rows += found;
  bytes += length;
  inserts++;
  lastAt = Date.now();
};

const occurrences = (where: Buffer, what: Buffer): number => {
  let count = 0;
  for (let at = where.indexOf(what); at >= 0; at = where.indexOf(what, at + what.length)) count++;
  return count;
};

const textOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};

const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://sink');
  if (pathname === '/ping') return void response.end('Ok.\n');
  const inUrl = searchParams.get('query') ?? '';
  const [, target] = INSERT.exec(inUrl) ?? [];
  if (target !== undefined) {
    if (tableName(target) === TRACES) await swallow(request, searchParams.get('insert_deduplication_token'));
    else await textOf(request);
    return void response.end();
  }
  const sql = inUrl === '' ? await textOf(request) : inUrl;
  response.end(answerTo(sql, searchParams));
};

const answerTo = (sql: string, parameters: URLSearchParams): string | Buffer => {
  const created = columnsCreated(sql);
  if (created !== undefined) tables.set(created.table, created.columns);
  if (/^\s*(?:CREATE|ALTER|DROP|INSERT|SET)\b/i.test(sql)) return '';
  if (HELLO.test(sql)) return helloBlock();
  if (/^\s*SELECT\s+1\s*;?\s*$/i.test(sql)) return nativeBlock([{ name: '1', type: 'UInt8', values: [1] }]);
  const [, described] = DESCRIBE.exec(sql) ?? [];
  if (described !== undefined) return description(tables.get(tableName(described)) ?? []);
  // It can count the rows of a batch, and has none to show: a shipper that is not sure sends again under the same token.
  if (OF_BATCH.test(sql)) return COUNT.test(sql) ? rowsOfBatch(parameters.get('param_id') ?? '') : '';
  if (!/Version FROM schema_migrations/.test(sql) && unknown.length < 20) unknown.push(sql.slice(0, 200));
  return '';
};

/** UInt32, RowBinary. */
const rowsOfBatch = (id: string): Buffer => {
  const count = Buffer.alloc(4);
  const held = [...tokens].filter(([token]) => token.startsWith(`${id}:`));
  count.writeUInt32LE(held.reduce((sum, [, of]) => sum + of, 0));
  return count;
};

const DESCRIPTION = [
  'name',
  'type',
  'default_type',
  'default_expression',
  'comment',
  'codec_expression',
  'ttl_expression',
];

const description = (columns: readonly DescribedColumn[]): Buffer =>
  nativeBlock(
    DESCRIPTION.map((name, i) => ({
      name,
      type: 'String',
      values: columns.map((column) => (i === 0 ? column.name : i === 1 ? column.type : '')),
    })),
  );

const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, (request, response) => {
  answer(request, response).catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as { readonly port: number };
  process.send!({ ready: `http://127.0.0.1:${port}` });
});
process.on('message', () => process.send!({ answer: { rows, bytes, inserts, lastAt, unknown } }));
process.once('disconnect', () => process.exit(0));
