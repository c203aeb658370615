import type { EventEmitter } from 'node:events';
import { type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { messageOf } from '../../runs/failure.ts';
import type { SqlComments } from '../../settings/config.ts';
import { withBoundCallback } from '../patching/outside-runs.ts';
import type { Method } from '../patching/patched-method.ts';
import { type Connection, setSessionReference } from './mysql2-session.ts';
import { referenceOf } from './sql-comment.ts';

interface Recording {
  readonly tracer: () => Tracer;
  /** The statement as it is recorded. */
  readonly record: (text: string) => string;
  readonly mode: SqlComments;
}

interface Settings {
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
}

interface Statement {
  readonly query?: string;
  execute?: Method;
}

/**
 * `connection.prepare()` gives out a statement to execute, again and again: each time is an action, which the official
 * instrumentation does not see. It takes no query attributes, so the session's variable names the run.
 */
export const preparing =
  (recording: Recording) =>
  (original: Method): Method =>
    function prepare(this: Connection & { readonly config?: Settings }, options, ...rest) {
      const [callback] = withBoundCallback(rest);
      if (typeof callback !== 'function') return original.call(this, options, ...rest);
      return original.call(this, options, (error: unknown, statement: Statement | undefined) => {
        if (!error && statement !== undefined) traceExecutions(this, statement, recording);
        return callback(error, statement);
      });
    };

const traced = new WeakSet<object>();

const traceExecutions = (
  connection: Connection & { readonly config?: Settings },
  statement: Statement,
  { tracer, record, mode }: Recording,
): void => {
  const { execute, query = '' } = statement;
  if (execute === undefined || traced.has(statement)) return;
  traced.add(statement);
  const text = record(query);
  const { host, port, database } = connection.config ?? {};
  const attributes = {
    'db.system.name': 'mysql',
    'db.query.text': text,
    ...(database === undefined ? {} : { 'db.namespace': database }),
    ...(host === undefined ? {} : { 'server.address': host }),
    ...(port === undefined ? {} : { 'server.port': Number(port) }),
  };
  statement.execute = function (this: Statement, ...given): unknown {
    const args = withBoundCallback(given);
    const span = tracer().startSpan(text, { kind: SpanKind.CLIENT, attributes });
    try {
      if (mode !== 'off') setSessionReference(connection, referenceOf(span.spanContext()), true, () => false);
    } catch {}
    const command = execute.apply(this, endingSpan(args, span)) as EventEmitter | undefined;
    command?.once?.('end', () => span.end());
    return command;
  };
};

/** A callback hears of failures before the end does. */
const endingSpan = (args: readonly unknown[], span: Span): unknown[] =>
  args.map((each) => {
    if (typeof each !== 'function') return each;
    return (error: unknown, ...results: unknown[]): unknown => {
      if (error) span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
      return each(error, ...results);
    };
  });
