import { EventEmitter } from 'node:events';
import { context, type Span, SpanStatusCode } from '@opentelemetry/api';
import { messageOf } from '../../runs/failure.ts';
import type { SqlComments } from '../../settings/config.ts';
import { boundHere, withBoundCallback } from '../patching/outside-runs.ts';
import type { Method } from '../patching/patched-method.ts';
import { portalOf } from './pg-portal.ts';
import { commentOf, withComment } from './sql-comment.ts';

/** What `client.query` takes: settings of a query, or one that submits itself (`Query`, `Cursor`, `QueryStream`). */
interface QueryGiven {
  text?: string;
  readonly name?: string;
  readonly rows?: number;
  portal?: string;
  callback?: unknown;
  readonly submit?: unknown;
  /** What a `QueryStream` reads from. */
  readonly cursor?: { text?: string };
}

interface ClientInternals {
  readonly database?: string;
  readonly replication?: unknown;
}

const isObject = (value: unknown): value is QueryGiven => typeof value === 'object' && value !== null;
const submitsItself = (query: QueryGiven): boolean => typeof query.submit === 'function';

/**
 * Above the official patch: callbacks and row listeners run where the query was called. The socket calls them, and it
 * belongs to nobody.
 */
export const boundQuery = (original: Method): Method =>
  function query(this: unknown, ...given) {
    let args = given;
    try {
      args = boundArguments(given);
    } catch {}
    return original.apply(this, args);
  };

const boundArguments = (given: readonly unknown[]): unknown[] => {
  const args = withBoundCallback(given);
  const [query] = args;
  if (!isObject(query)) return args;
  if (submitsItself(query)) {
    if (query instanceof EventEmitter) context.bind(context.active(), query);
    if (typeof query.callback === 'function') query.callback = boundHere(query.callback);
    if (query.text === undefined && typeof query.cursor?.text === 'string') query.text = query.cursor.text;
  } else if (typeof query.callback === 'function') {
    args[0] = varied(query, 'callback', boundHere(query.callback));
  }
  return args;
};

/** The caller's object stays as it is: it may be used again. */
const varied = (query: QueryGiven, key: keyof QueryGiven, value: unknown): QueryGiven =>
  Object.create(query, { [key]: { value, enumerable: true, writable: true, configurable: true } });

/** Below the official patch, which has started the query's span: the reference goes into what the server is sent. */
export const carryingQuery =
  (takeSpan: () => Span | undefined, mode: SqlComments, namesPortals: boolean) =>
  (original: Method): Method =>
    function query(this: ClientInternals, ...args) {
      const span = takeSpan();
      try {
        if (span !== undefined) {
          if (isObject(args[0]) && submitsItself(args[0])) endWithQuery(args[0], span);
          if (takesComments(this)) args[0] = carrying(args[0], span, mode, namesPortals);
        }
      } catch {}
      return original.apply(this, args);
    };

/** The commands of replication and of PgBouncer's console have no comments. */
const takesComments = ({ replication, database }: ClientInternals): boolean =>
  !replication && database !== 'pgbouncer';

const carrying = (query: unknown, span: Span, mode: SqlComments, namesPortals: boolean): unknown => {
  if (isObject(query) && query.name !== undefined) {
    const portal =
      namesPortals && !query.rows && !query.portal ? portalOf(span.spanContext(), mode) : undefined;
    return portal === undefined ? query : changed(query, 'portal', portal);
  }
  const comment = commentOf(span.spanContext(), mode);
  if (comment === undefined) return query;
  if (typeof query === 'string') return withComment(query, comment);
  if (!isObject(query)) return query;
  if (typeof query.cursor?.text === 'string') query.cursor.text = withComment(query.cursor.text, comment);
  return typeof query.text === 'string' ? changed(query, 'text', withComment(query.text, comment)) : query;
};

/** One that submits itself is used once, and must stay the one that the caller has. */
const changed = (query: QueryGiven, key: 'text' | 'portal', value: string): QueryGiven => {
  if (!submitsItself(query)) return varied(query, key, value);
  query[key] = value;
  return query;
};

/** The official patch ends spans with promises and callbacks; what submits itself has neither. */
const endWithQuery = (query: QueryGiven, span: Span): void => {
  const handlers = query as Record<string, unknown>;
  const after = (name: string, end: (argument: unknown) => void): void => {
    const handler = handlers[name];
    if (typeof handler !== 'function') return;
    handlers[name] = function (this: unknown, ...args: unknown[]): unknown {
      if (span.isRecording()) end(args[0]);
      return handler.apply(this, args);
    };
  };
  after('handleReadyForQuery', () => span.end());
  after('handleError', (error) => {
    span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
    span.end();
  });
};
