import {
  type Attributes,
  type Context,
  type Link,
  type Span,
  type SpanKind,
  SpanStatusCode,
} from '@opentelemetry/api';
import { OTEL, WHENCE } from '@whence/model';
import { messageOf } from '../../runs/failure.ts';
import { tracer } from '../../runs/tracer.ts';
import type { McpMessage } from './mcp-context.ts';

/** What both ends know of a call beside the message itself. */
export interface McpCall {
  readonly requestId: unknown;
  readonly sessionId: unknown;
  readonly transport: unknown;
}

const TEXT_MAX_LENGTH = 256;
const ARGUMENTS_MAX_LENGTH = 4096;

/** A span as OpenTelemetry's conventions for MCP have it, and as an action: system `mcp`. */
export const startMcpSpan = (
  kind: SpanKind.CLIENT | SpanKind.SERVER,
  message: McpMessage,
  call: McpCall,
  { within, links, values }: { within: Context; links: Link[]; values: boolean },
): Span => {
  const method = text(message.method) ?? 'unknown';
  const { name, uri, arguments: given } = message.params ?? {};
  const tool = method === 'tools/call' ? text(name) : undefined;
  const prompt = method === 'prompts/get' ? text(name) : undefined;
  const resource = method.startsWith('resources/') ? text(uri) : undefined;
  const target = tool ?? prompt;
  const attributes: Attributes = {
    'mcp.method.name': method,
    [WHENCE.actionSystem.key]: 'mcp',
    [WHENCE.actionOperation.key]: method,
    ...optional(
      WHENCE.actionTarget.key,
      tool === undefined ? (resource ?? prefixed('prompt:', prompt)) : `tool:${tool}`,
    ),
    ...optional(OTEL.genAiTool.key, tool),
    ...optional(OTEL.genAiOperation.key, tool === undefined ? undefined : 'execute_tool'),
    ...optional('gen_ai.prompt.name', prompt),
    ...optional('mcp.resource.uri', resource),
    ...optional('jsonrpc.request.id', text(call.requestId)),
    ...optional('mcp.session.id', text(call.sessionId)),
    ...optional('network.transport', networkTransport(call.transport)),
    ...(values && tool !== undefined ? optional('gen_ai.tool.call.arguments', json(given)) : {}),
  };
  const spanName = target === undefined ? method : `${method} ${target}`;
  return tracer().startSpan(spanName, { kind, attributes, links }, within);
};

/** A tool that fails says so in its result. */
export const endWithResult = (span: Span, result: unknown): void => {
  if ((result as { isError?: unknown } | null | undefined)?.isError === true) {
    span.setAttribute('error.type', 'tool_error');
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'the tool reported an error' });
  }
  span.end();
};

export const endWithError = (span: Span, error: unknown): void => {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  if (typeof code === 'number') span.setAttribute('rpc.response.status_code', String(code));
  span.setAttribute('error.type', typeof code === 'number' ? String(code) : nameOf(error));
  span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
  span.end();
};

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);

const optional = (key: string, value: string | undefined): Attributes =>
  value === undefined ? {} : { [key]: value };

const prefixed = (prefix: string, name: string | undefined): string | undefined =>
  name === undefined ? undefined : prefix + name;

const text = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number'
    ? String(value).slice(0, TEXT_MAX_LENGTH)
    : undefined;

const json = (value: unknown): string | undefined => {
  try {
    return JSON.stringify(value)?.slice(0, ARGUMENTS_MAX_LENGTH);
  } catch {
    return undefined;
  }
};

const networkTransport = (transport: unknown): string | undefined => {
  const name = (transport as object | null | undefined)?.constructor?.name ?? '';
  if (name.startsWith('Stdio')) return 'pipe';
  return /HTTP|SSE|WebSocket/i.test(name) ? 'tcp' : undefined;
};
