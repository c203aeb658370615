import { EventEmitter, errorMonitor } from 'node:events';
import { context, type Span, SpanStatusCode } from '@opentelemetry/api';
import { messageOf } from '../../runs/failure.ts';
import type { SqlComments } from '../../settings/config.ts';
import { carrierOf } from '../carrier.ts';
import { boundHere, withBoundCallback } from '../patching/outside-runs.ts';
import type { Method } from '../patching/patched-method.ts';
import { type Connection, setSessionReference } from './mysql2-session.ts';
import { commentOf, contextOf, referenceOf, traceStateOf, withComment } from './sql-comment.ts';

/** What `query` and `execute` take: settings, or a command that is made already, as pools have it. */
interface QueryGiven {
  sql?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  onResult?: unknown;
}

const isObject = (value: unknown): value is QueryGiven => typeof value === 'object' && value !== null;

/**
 * Above the official patch: callbacks and listeners run where the statement was called. The socket calls them, and it
 * belongs to nobody.
 */
export const boundStatement = (original: Method): Method =>
  function statement(this: unknown, ...given) {
    const args = withBoundCallback(given);
    const [query] = args;
    if (query instanceof EventEmitter && isObject(query)) query.onResult = boundHere(query.onResult);
    const result = original.apply(this, args);
    return hasCallback(args) ? result : withBoundListeners(result);
  };

/** Listeners that are added to it from now on run here. */
export const withBoundListeners = <T>(emitter: T): T =>
  emitter instanceof EventEmitter ? context.bind(context.active(), emitter) : emitter;

const hasCallback = (args: readonly unknown[]): boolean =>
  args.some((each) => typeof each === 'function') ||
  (isObject(args[0]) && typeof args[0].onResult === 'function');

/** Below the official patch, which has started the span: the reference goes into what the server is sent. */
export const carryingStatement =
  (takeSpan: () => Span | undefined, mode: SqlComments, isPrepared: boolean) =>
  (original: Method): Method =>
    function statement(this: Connection, ...args) {
      const span = takeSpan();
      if (span === undefined) return original.apply(this, args);
      try {
        if (mode !== 'off') {
          const spanContext = span.spanContext();
          setSessionReference(this, referenceOf(spanContext), isPrepared);
          args[0] = isPrepared
            ? withAttributes(args[0], span, mode)
            : withText(args[0], commentOf(spanContext, mode));
        }
      } catch {}
      const result = original.apply(this, args);
      // The official patch ends the spans of callbacks, and of events where there is one argument.
      if (args.length > 1 && !hasCallback(args) && result instanceof EventEmitter) endWith(result, span);
      return result;
    };

const withText = (query: unknown, comment: string | undefined): unknown => {
  if (comment === undefined) return query;
  if (typeof query === 'string') return withComment(query, comment);
  if (!isObject(query) || typeof query.sql !== 'string') return query;
  const sql = withComment(query.sql, comment);
  if (!(query instanceof EventEmitter)) return { ...query, sql };
  query.sql = sql;
  return query;
};

/** Query attributes: beside each execution, not in its text. Where the server takes none, mysql2 sends none. */
const withAttributes = (query: unknown, span: Span, mode: SqlComments): unknown => {
  const settings = typeof query === 'string' ? { sql: query } : query;
  if (!isObject(settings) || settings instanceof EventEmitter) return query;
  const { traceparent } = carrierOf(contextOf(span.spanContext()));
  const tracestate = traceStateOf(span.spanContext(), mode);
  const attributes = {
    ...(mode === 'full' && traceparent !== '' ? { traceparent } : {}),
    ...(tracestate === undefined ? {} : { tracestate }),
    ...settings.attributes,
  };
  return { ...settings, attributes };
};

const endWith = (command: EventEmitter, span: Span): void => {
  command.once(errorMonitor, (error) => {
    span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
  });
  command.once('end', () => span.end());
};
