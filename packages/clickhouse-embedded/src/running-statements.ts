import { clickHouseError } from './clickhouse-error.ts';
import type { Engine } from './engine.ts';
import type { QueryStatement } from './query-statement.ts';
import { quoteString } from './sql-literal.ts';
import { isMark, isWord } from './sql-tokens.ts';

/** How often a statement that was told to stop is told again, in milliseconds. */
const KILL_INTERVAL_MILLIS = 100;

/**
 * The engine gives statements ids of its own choosing. The id a client chose travels in `log_comment`, from where
 * `system.processes` and `KILL QUERY` get it back.
 */
const CLIENT_ID = `if(position(Settings['log_comment'], 'query_id=') > 0,
  extract(Settings['log_comment'], '(?s)query_id=(.*)$'), query_id)`.replace(/\s+/g, ' ');

/** The statements under way, by the id their client knows them by. */
export class RunningStatements {
  readonly #engine: Engine;
  readonly #comments = new Map<string, string>();
  #count = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get count(): number {
    return this.#comments.size;
  }

  /**
   * Keeps the id for as long as `work` takes.
   * @param ownComment the client's `log_comment`
   * @param work is given the `log_comment` that its statement must run with
   * @throws ClickHouseError QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING
   */
  async track<T>(queryId: string, ownComment: string, work: (comment: string) => Promise<T>): Promise<T> {
    if (this.#comments.has(queryId)) {
      throw clickHouseError(
        'QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING',
        `Query with id = ${queryId} is already running.`,
      );
    }
    this.#count++;
    const comment = `${ownComment} run=${this.#count} query_id=${queryId}`.trimStart();
    this.#comments.set(queryId, comment);
    try {
      return await work(comment);
    } finally {
      this.#comments.delete(queryId);
    }
  }

  /** Kills a statement, again and again until it is gone: it may not have begun yet. */
  async kill(queryId: string): Promise<void> {
    const comment = this.#comments.get(queryId);
    if (comment === undefined) return;
    const session = this.#engine.openSession();
    try {
      while (this.#comments.get(queryId) === comment) {
        await session.ask(`KILL QUERY WHERE Settings['log_comment'] = ${quoteString(comment)} ASYNC`, 'Null');
        await new Promise((resolve) => setTimeout(resolve, KILL_INTERVAL_MILLIS));
      }
    } finally {
      session.close();
    }
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.#comments.keys()].map((queryId) => this.kill(queryId)));
  }
}

/** The text of a statement in which `system.processes` shows the ids clients gave. */
export function showClientIds(query: QueryStatement): string {
  return rewrite(query, (index) => {
    const [schema, dot, table] = query.tokens.slice(index, index + 3);
    if (schema?.text.toLowerCase() !== 'system' || !isMark(dot, '.') || table?.text !== 'processes')
      return undefined;
    return { tokens: 3, text: `(SELECT * REPLACE (${CLIENT_ID} AS query_id) FROM system.processes)` };
  });
}

/** A `KILL QUERY` that knows those ids. `SYNC` becomes `ASYNC`: in this engine it would never return. */
export function killByClientId(query: QueryStatement): string {
  if (!isWord(query.tokens[1], 'QUERY')) return query.text;
  const text = rewrite(query, (index) => {
    const token = query.tokens[index];
    if (isWord(token, 'SYNC')) return { tokens: 1, text: 'ASYNC' };
    if (token?.kind === 'string' || token?.text !== 'query_id') return undefined;
    return { tokens: 1, text: CLIENT_ID };
  });
  return text;
}

type Replacement = { readonly tokens: number; readonly text: string } | undefined;

function rewrite(query: QueryStatement, replace: (index: number) => Replacement): string {
  let text = '';
  let from = 0;
  for (let index = 0; index < query.tokens.length; index++) {
    const replacement = replace(index);
    if (!replacement) continue;
    const last = query.tokens[index + replacement.tokens - 1];
    text += query.text.slice(from, query.tokens[index]?.start) + replacement.text;
    from = last?.end ?? from;
    index += replacement.tokens - 1;
  }
  return text + query.text.slice(from);
}
