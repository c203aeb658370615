import { type Context, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import { REFERENCE_KEY } from '@whence/model';
import type { SqlComments } from '../../settings/config.ts';
import { carrierOf } from '../carrier.ts';

/**
 * What a statement's comment says, as sqlcommenter has it. In mode `run` it is the same for all statements of a run, so
 * that texts repeat and caches keyed by them work. Undefined where there is nothing to say.
 */
export const commentOf = (span: SpanContext, mode: SqlComments): string | undefined => {
  if (mode === 'off') return undefined;
  const tracestate = traceStateOf(span, mode);
  const members = [
    mode === 'full' ? member('traceparent', carrierOf(contextOf(span)).traceparent) : '',
    member('tracestate', tracestate ?? ''),
  ];
  return members.filter((each) => each !== '').join(',') || undefined;
};

/** In mode `run` our member alone, which is all that is the same throughout a run. */
export const traceStateOf = (span: SpanContext, mode: SqlComments): string | undefined => {
  if (mode === 'full') return carrierOf(contextOf(span)).tracestate;
  const reference = referenceOf(span);
  return mode === 'off' || reference === undefined ? undefined : `${REFERENCE_KEY}=${reference}`;
};

export const contextOf = (span: SpanContext): Context => trace.setSpanContext(ROOT_CONTEXT, span);

export const referenceOf = (span: SpanContext): string | undefined => span.traceState?.get(REFERENCE_KEY);

const member = (key: string, value: string): string => (value === '' ? '' : `${key}='${encoded(value)}'`);

const encoded = (value: string): string =>
  encodeURIComponent(value).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * The statement with the comment at its end, before closing semicolons: after one, the comment would be a further
 * statement, with a result of its own. A statement that carries trace context already stays as it is.
 */
export const withComment = (sql: string, comment: string): string => {
  if (sql.includes("traceparent='") || sql.includes("tracestate='")) return sql;
  let end = sql.length;
  while (end > 0 && (sql.charCodeAt(end - 1) <= SPACE || sql.charCodeAt(end - 1) === SEMICOLON)) end--;
  if (end === 0) return sql;
  const lastLine = sql.lastIndexOf('\n', end - 1);
  const inLineComment = sql.indexOf('--', lastLine + 1) >= 0 || sql.indexOf('#', lastLine + 1) >= 0;
  return `${sql.slice(0, end)}${inLineComment ? '\n' : ' '}/*${comment}*/${sql.slice(end)}`;
};

const SPACE = 0x20;
const SEMICOLON = 0x3b;
