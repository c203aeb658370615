import { createReadStream } from 'node:fs';
import type { AnswerWriter } from './answer-writer.ts';
import { clickHouseError } from './clickhouse-error.ts';
import type { Answer, Engine, EngineSession } from './engine.ts';
import type { ForbiddenSql } from './forbidden-sql.ts';
import type { InsertStatement } from './insert-statement.ts';
import { helloBlock, isHello } from './native-hello.ts';
import type { QueryStatement, StatementKind } from './query-statement.ts';
import { type ResultPipes, readPipe } from './result-pipes.ts';
import { killByClientId, type RunningStatements, showClientIds } from './running-statements.ts';
import type { SessionPool } from './session-pool.ts';
import type { Spool } from './spool.ts';
import { quoteName, quoteString } from './sql-literal.ts';
import { isMark, isWord, type Token, tokenize } from './sql-tokens.ts';
import { type StatementRequest, toText } from './statement-request.ts';
import type { Statement } from './statement-source.ts';

/** Apart from one another, so that slow questions hold up neither rows coming in nor a word from the operator. */
export interface Pools {
  readonly readers: SessionPool;
  readonly writers: SessionPool;
  readonly changes: SessionPool;
  readonly control: SessionPool;
}

/** How much of a result is held back before headers go out, in bytes. */
const HELD_BYTES = 65_536;
/** ClickHouse's own, in bytes. */
const DEFAULT_MAX_QUERY_SIZE = '262144';

const poolByKind: Readonly<Record<StatementKind, keyof Pools>> = {
  select: 'readers',
  describe: 'readers',
  'insert-select': 'readers',
  session: 'readers',
  kill: 'control',
  change: 'changes',
};

const readingKinds: ReadonlySet<StatementKind> = new Set(['select', 'describe', 'session']);

/** Runs one statement on a session of the right pool and writes what it answers. */
export class StatementRunner {
  readonly #engine: Engine;
  readonly #pools: Pools;
  readonly #running: RunningStatements;
  readonly #spool: Spool;
  readonly #pipes: ResultPipes;
  /** Undefined when statements may do as they like. */
  readonly #forbidden: ForbiddenSql | undefined;

  constructor(
    engine: Engine,
    pools: Pools,
    running: RunningStatements,
    spool: Spool,
    pipes: ResultPipes,
    forbidden: ForbiddenSql | undefined,
  ) {
    this.#engine = engine;
    this.#pools = pools;
    this.#running = running;
    this.#spool = spool;
    this.#pipes = pipes;
    this.#forbidden = forbidden;
  }

  /**
   * @param gone fires when the client has left: what only reads is then killed
   * @throws ClickHouseError
   */
  async run(
    request: StatementRequest,
    statement: Statement,
    answer: AnswerWriter,
    gone: AbortSignal,
  ): Promise<void> {
    if (statement.form === 'insert')
      return this.#insert(request, statement.insert, statement.rows, answer, gone);
    const { query } = statement;
    this.#assertAllowed(request, query.tokens, query.text, readingKinds.has(query.kind));
    if (isHello(query.text) && request.protocolVersion > 0) {
      answer.head('Native');
      return answer.end(helloBlock(this.#engine.facts));
    }
    if (query.kind === 'insert-select' && query.tokens.some(isInputFunction)) {
      throw clickHouseError('NOT_IMPLEMENTED', 'input() is not supported by the embedded server');
    }
    const format = query.format?.name ?? request.defaultFormat;
    await this.#withSession(request, poolByKind[query.kind], gone, true, async (session, kill) => {
      if (query.kind !== 'select') return this.#ask(session, query, format, answer);
      if (request.whole) return this.#selectToFile(session, query, format, answer);
      await this.#selectStreaming(session, query, format, answer, kill);
    });
  }

  async #insert(
    request: StatementRequest,
    insert: InsertStatement,
    rows: AsyncIterable<Uint8Array>,
    answer: AnswerWriter,
    gone: AbortSignal,
  ): Promise<void> {
    this.#assertAllowed(request, insert.tokens, insert.target, false);
    for (const list of insert.settings) this.#forbidden?.assertAllowed(tokenize(list).tokens, list);
    const format = insert.format ?? request.defaultFormat;
    const path = await this.#spool.write(rows);
    try {
      const settings =
        insert.settings.length > 0 ? ` SETTINGS ${toText(insert.settings.join(', '), 'statement')}` : '';
      const target = toText(insert.target, 'statement');
      const sql = `${target} FROM INFILE ${quoteString(path)} COMPRESSION 'none'${settings} FORMAT ${quoteName(format)}`;
      await this.#withSession(request, 'writers', gone, false, async (session) => {
        const { rows: written, rowBytes } = await session.ask(sql, 'Null');
        answer.head(format, {
          readRows: written,
          readBytes: rowBytes,
          writtenRows: written,
          writtenBytes: rowBytes,
        });
        answer.end();
      });
    } finally {
      await this.#spool.remove(path);
    }
  }

  async #ask(
    session: EngineSession,
    query: QueryStatement,
    format: string,
    answer: AnswerWriter,
  ): Promise<void> {
    const text = query.kind === 'kill' ? killByClientId(query) : query.text;
    const { bytes, rows, rowBytes } = await session.ask(toText(text, 'statement'), format);
    answer.head(format, { readRows: rows, readBytes: rowBytes, resultRows: rows, resultBytes: bytes.length });
    answer.end(bytes);
  }

  /**
   * The engine writes as fast as the client reads. The beginning is held back, so that a small result is known to be
   * entire, and a failure early on to be one, before the headers go out.
   */
  async #selectStreaming(
    session: EngineSession,
    query: QueryStatement,
    format: string,
    answer: AnswerWriter,
    kill: () => void,
  ): Promise<void> {
    const path = this.#pipes.take();
    const held: Buffer[] = [];
    let heldBytes = 0;
    let outcome: Promise<Answer> | undefined;
    const start = (): Promise<Answer> => {
      outcome = session.ask(intoFile(query, format, `${quoteString(path)} TRUNCATE`), format);
      return outcome;
    };
    try {
      for await (const piece of readPipe(path, start, kill)) {
        const before = heldBytes;
        heldBytes += piece.length;
        if (before > HELD_BYTES) {
          await answer.write(piece);
          continue;
        }
        held.push(piece);
        if (heldBytes > HELD_BYTES) {
          answer.head(format);
          for (const first of held.splice(0)) await answer.write(first);
        }
      }
      const { rows, rowBytes } = (await outcome) as Answer;
      if (heldBytes <= HELD_BYTES) {
        answer.head(format, {
          readRows: rows,
          readBytes: rowBytes,
          resultRows: rows,
          resultBytes: heldBytes,
        });
      }
      answer.end(Buffer.concat(held));
    } finally {
      this.#pipes.giveBack(path);
    }
  }

  /** Through a file: whatever fails, fails before the headers go out. */
  async #selectToFile(
    session: EngineSession,
    query: QueryStatement,
    format: string,
    answer: AnswerWriter,
  ): Promise<void> {
    const path = this.#spool.newPath();
    try {
      const { rows, rowBytes } = await session.ask(intoFile(query, format, quoteString(path)), format);
      answer.head(format, { readRows: rows, readBytes: rowBytes, resultRows: rows });
      for await (const piece of createReadStream(path)) await answer.write(piece);
      answer.end();
    } finally {
      await this.#spool.remove(path);
    }
  }

  #assertAllowed(request: StatementRequest, tokens: readonly Token[], sql: string, reads: boolean): void {
    this.#forbidden?.assertAllowed(tokens, sql);
    this.#forbidden?.assertSettingsAllowed(request.settings.keys());
    if (request.readonly && !reads) {
      throw clickHouseError(
        'READONLY',
        'default: Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. ' +
          'You should use method POST for modifying queries.',
      );
    }
  }

  /** Waits for a slot, opens a session, sets what the request sets, works, and closes it again. */
  async #withSession(
    request: StatementRequest,
    pool: keyof Pools,
    gone: AbortSignal,
    stopWhenGone: boolean,
    work: (session: EngineSession, kill: () => void) => Promise<void>,
  ): Promise<void> {
    const free = await this.#pools[pool].acquire(gone);
    const kill = (): void => void this.#running.kill(request.queryId).catch(() => undefined);
    const session = this.#engine.openSession();
    try {
      await this.#running.track(
        request.queryId,
        request.settings.get('log_comment') ?? '',
        async (comment) => {
          if (stopWhenGone) gone.addEventListener('abort', kill, { once: true });
          await session.ask(preface(request, comment), 'Null');
          await work(session, kill);
        },
      );
    } finally {
      gone.removeEventListener('abort', kill);
      session.close();
      free();
    }
  }
}

function isInputFunction(token: Token, index: number, tokens: readonly Token[]): boolean {
  return isWord(token, 'INPUT') && isMark(tokens[index + 1], '(');
}

/** What the request sets, as statements of its own session: the statement's own SETTINGS still prevail. */
function preface(request: StatementRequest, comment: string): string {
  const { readonly, ...settings } = {
    max_query_size: DEFAULT_MAX_QUERY_SIZE,
    ...Object.fromEntries(request.settings),
    log_comment: comment,
  } as Record<string, string>;
  const assignments = Object.entries(settings).map(([name, value]) => `${name} = ${quoteString(value)}`);
  for (const [name, value] of request.params) assignments.push(`param_${name} = ${quoteString(value)}`);
  const statements = [`SET ${assignments.join(', ')}`];
  if (request.database !== undefined && request.database !== 'default') {
    statements.unshift(`USE ${quoteName(request.database)}`);
  }
  if (readonly !== undefined) statements.push(`SET readonly = ${quoteString(readonly)}`);
  return statements.join('; ');
}

/** The statement with its result sent to a file, which the grammar wants before `FORMAT`. */
function intoFile(query: QueryStatement, format: string, file: string): string {
  const shown = showClientIds(query);
  const clause = query.format ? query.text.slice(query.format.start) : `FORMAT ${quoteName(format)}`;
  const select = query.format ? shown.slice(0, shown.length - clause.length) : shown;
  return toText(`${select}\nINTO OUTFILE ${file} COMPRESSION 'none' ${clause}`, 'statement');
}
