import { OTEL, WHENCE } from '@whence/model';

/** Attributes that a statement is made from, and no others: what the store is asked for. */
export const STATEMENT_ATTRIBUTES = [
  WHENCE.actionStatement,
  OTEL.dbQuery,
  OTEL.dbQueryOld,
  OTEL.processCommandLine,
  OTEL.httpMethod,
  OTEL.httpMethodOld,
  OTEL.urlFull,
  OTEL.urlFullOld,
  OTEL.httpRoute,
  OTEL.urlPath,
  OTEL.urlPathOld,
  OTEL.rpcService,
  OTEL.rpcMethod,
  OTEL.messagingOperation,
  OTEL.messagingDestination,
].map(({ key }) => key);

/**
 * The command itself, from what the span says: SQL text, request line, command line. The first that is there counts;
 * one that names the command whole goes before one that is put together.
 *
 * @returns undefined where the span says none.
 */
export const statementOf = (attributes: Readonly<Record<string, string>>): string | undefined => {
  const of = (...keys: readonly { readonly key: string }[]): string | undefined => {
    for (const { key } of keys) if (attributes[key]) return attributes[key];
    return undefined;
  };
  const whole =
    of(WHENCE.actionStatement) ?? sqlOf(of(OTEL.dbQuery, OTEL.dbQueryOld)) ?? of(OTEL.processCommandLine);
  if (whole !== undefined) return whole;

  const method = of(OTEL.httpMethod, OTEL.httpMethodOld);
  if (method !== undefined) {
    return joined(method, of(OTEL.urlFull, OTEL.urlFullOld, OTEL.urlPath, OTEL.urlPathOld, OTEL.httpRoute));
  }
  const rpc = of(OTEL.rpcMethod);
  if (rpc !== undefined) return rpcMethodOf(of(OTEL.rpcService), rpc);
  return joined(of(OTEL.messagingOperation), of(OTEL.messagingDestination));
};

const sqlOf = (sql: string | undefined): string | undefined =>
  sql === undefined ? undefined : withoutTraceComment(sql);

/** Newer conventions write `service/method` in the method alone. */
const rpcMethodOf = (service: string | undefined, method: string): string =>
  service === undefined || method.includes('/') ? method : `${service}/${method}`;

const joined = (...words: readonly (string | undefined)[]): string | undefined => {
  const known = words.filter((word) => word !== undefined);
  return known.length === 0 ? undefined : known.join(' ');
};

/** A sqlcommenter comment: only `key='value'` pairs with url-encoded values, `traceparent` or `tracestate` among them. */
const TRACE_COMMENT =
  /\/\*\s*(?:[\w%.-]+='[^'*]*'\s*,\s*)*(?:traceparent|tracestate)='[^'*]*'(?:\s*,\s*[\w%.-]+='[^'*]*')*\s*\*\//g;

/**
 * The statement without the comment in which its context travelled (sqlcommenter). Any other comment is part of the
 * command and stays.
 */
export const withoutTraceComment = (sql: string): string =>
  sql.includes('/*') ? sql.replace(TRACE_COMMENT, '').trim() : sql;
