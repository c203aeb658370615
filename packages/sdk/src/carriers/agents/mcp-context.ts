import {
  type Context,
  context,
  createContextKey,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import { type Carrier, carrierOf } from '../carrier.ts';
import { spanContextOf, withCause } from '../caused-by.ts';
import type { CarrierSettings } from '../traced-library.ts';

/** A request or notification of MCP, as far as it matters here. It may come from anybody. */
export interface McpMessage {
  readonly method: string;
  readonly params?: { readonly _meta?: unknown } & Readonly<Record<string, unknown>>;
}

const TRANSPORT = createContextKey('whence mcp transport');

/** Far above what W3C Trace Context allows. */
const VALUE_MAX_LENGTH = 4096;

/** The message with the trace context of `from` in `params._meta` (SEP-414). What its sender put there stays. */
export const withMeta = <M extends McpMessage>(message: M, from: Context): M => {
  const carried = carrierOf(from);
  const own = message.params?._meta;
  if (carried.traceparent === '' || (own as Partial<Carrier> | undefined)?.traceparent !== undefined) {
    return message;
  }
  return { ...message, params: { ...message.params, _meta: { ...carried, ...(own as object | undefined) } } };
};

/**
 * The context in which a message is handled: that of its sender, as `_meta` tells it. A message without one belongs to
 * the HTTP request that brought it, where one did; else to nobody, and never to whoever opened the connection.
 *
 * @param byRequest whether an HTTP request brought it, which is then active
 */
export const receivedContext = (
  message: McpMessage,
  byRequest: boolean,
  { config, notices }: CarrierSettings,
): Context => {
  const active = context.active();
  const ambient = byRequest ? trace.getSpanContext(active) : undefined;
  const sender = config.inbound === 'discard' ? 'none' : senderOf(message);
  if (sender === 'malformed') {
    notices.warnOnce('mcp meta', 'an MCP message came with a malformed traceparent in _meta: it is ignored');
  }
  if (sender === 'none') return byRequest ? active : ROOT_CONTEXT;
  const detached = ROOT_CONTEXT.setValue(TRANSPORT, ambient);
  if (sender === 'malformed') return detached;
  return config.inbound === 'link'
    ? withCause(detached, { spanContext: sender, kind: 'call' })
    : trace.setSpanContext(detached, sender);
};

/** To the span of the HTTP request that brought the message which is handled in this context. */
export const transportLinks = (active: Context): Link[] => {
  const transport = active.getValue(TRANSPORT) as SpanContext | undefined;
  return transport === undefined ? [] : [{ context: transport }];
};

const senderOf = ({ params }: McpMessage): SpanContext | 'none' | 'malformed' => {
  const meta = params?._meta as Partial<Record<keyof Carrier, unknown>> | null | undefined;
  const traceparent = meta?.traceparent;
  if (traceparent === undefined) return 'none';
  if (!isShortText(traceparent)) return 'malformed';
  const tracestate = isShortText(meta?.tracestate) ? { tracestate: meta.tracestate } : {};
  return spanContextOf({ traceparent, ...tracestate }) ?? 'malformed';
};

const isShortText = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= VALUE_MAX_LENGTH;
