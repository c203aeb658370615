import { createRequire } from 'node:module';
import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { formatReference, newRunId } from '@whence/model';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { action } from '../../runs/action.ts';
import { current } from '../../runs/active-run.ts';
import { scopeOf, withRun } from '../../runs/run-scope.ts';
import { readConfig, type SdkConfig } from '../../settings/config.ts';
import { heardNotices } from '../../testkit/heard-notices.ts';
import { startTracing, type Tracing, traceStateOf } from '../../testkit/tracing.ts';
import { mcp } from './mcp.ts';

// biome-ignore-start lint/suspicious/noExplicitAny: the CommonJS build has its types elsewhere
type Any = any;
const require = createRequire(import.meta.url);
const config = { ...readConfig({}).config } as { -readonly [Key in keyof SdkConfig]: SdkConfig[Key] };
const { notices, heard } = heardNotices();

let tracing: Tracing;
let client: Any;
let server: Any;
let toServer: Any;
let atServer: Any;
/** Raw messages, as they arrived at the server. */
let received: Any[];
let told: { runId: string | undefined; spanId: string | undefined }[];
const tell = () =>
  told.push({ runId: current()?.runId, spanId: trace.getActiveSpan()?.spanContext().spanId });

beforeAll(() => {
  mcp.instrumentation({ config, notices });
});
beforeEach(async () => {
  tracing = startTracing();
  told = [];
  received = [];
  const { McpServer } = require('@modelcontextprotocol/sdk/server/mcp.js');
  const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
  const { InMemoryTransport } = require('@modelcontextprotocol/sdk/inMemory.js');
  const { CreateMessageRequestSchema } = require('@modelcontextprotocol/sdk/types.js');
  server = new McpServer({ name: 'books', version: '1.0.0' }, { capabilities: { logging: {} } });
  server.registerTool('refund', { inputSchema: {} }, async (_args: unknown, extra: Any) => {
    tell();
    await extra.sendNotification({
      method: 'notifications/progress',
      params: { progressToken: extra._meta?.progressToken ?? 0, progress: 1 },
    });
    return { content: [] };
  });
  server.registerTool('broken', {}, () => ({ content: [], isError: true }));
  server.registerPrompt('ask', {}, () => ({ messages: [] }));
  server.registerResource('book', 'books://1', {}, () => ({ contents: [] }));
  client = new Client({ name: 'near', version: '1.0.0' }, { capabilities: { sampling: {} } });
  client.setRequestHandler(CreateMessageRequestSchema, () => {
    tell();
    return { model: 'none', role: 'assistant', content: { type: 'text', text: '' } };
  });
  const [near, far] = InMemoryTransport.createLinkedPair();
  toServer = near;
  atServer = far;
  // The connection is opened in a run of its own, as connections are that are shared.
  await inRun(opener, async () => {
    await server.connect(far);
    await client.connect(near);
  });
  const { onmessage } = far;
  far.onmessage = (message: Any, extra: Any) => {
    received.push(message);
    onmessage(message, extra);
  };
});
afterEach(async () => {
  await client.close();
  config.inbound = 'verified';
  config.statementValues = false;
  heard.length = 0;
  notices.over('mcp meta');
  tracing.stop();
});
// biome-ignore-end lint/suspicious/noExplicitAny: as above

const opener = scopeOf(formatReference({ runId: newRunId() }))!;
const caller = scopeOf(formatReference({ runId: newRunId() }))!;
const inRun = <T>(scope: typeof caller, fn: () => T): T => context.with(withRun(ROOT_CONTEXT, scope), fn);
const asCaller = <T>(fn: () => T): T => inRun(caller, () => action('agent', {}, fn));
const of = (kind: SpanKind, name: string): ReadableSpan => {
  const found = tracing.spans().filter((span) => span.kind === kind && span.name === name);
  expect(found, name).toHaveLength(1);
  return found[0]!;
};

describe('a tool call', () => {
  it('is an action at both ends, and is done in the run of who calls', async () => {
    await asCaller(() => client.callTool({ name: 'refund', arguments: { amount: 7 } }));
    const asked = of(SpanKind.CLIENT, 'tools/call refund');
    const done = of(SpanKind.SERVER, 'tools/call refund');
    expect(asked.parentSpanContext?.spanId).toBe(tracing.named('agent').spanContext().spanId);
    expect(done.parentSpanContext).toMatchObject({ spanId: asked.spanContext().spanId, isRemote: true });
    expect(told).toEqual([{ runId: caller.runId, spanId: done.spanContext().spanId }]);
    for (const span of [asked, done]) {
      expect(traceStateOf(span)).toBe(`whence=${caller.reference}`);
      expect(span.status.code).toBe(SpanStatusCode.UNSET);
      expect(span.attributes).toEqual({
        'mcp.method.name': 'tools/call',
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': 'refund',
        'jsonrpc.request.id': '1',
        'whence.action.system': 'mcp',
        'whence.action.operation': 'tools/call',
        'whence.action.target': 'tool:refund',
      });
    }
  });

  it('is recorded with its arguments where that is asked for', async () => {
    config.statementValues = true;
    await client.callTool({ name: 'refund', arguments: { amount: 7 } });
    expect(of(SpanKind.SERVER, 'tools/call refund').attributes['gen_ai.tool.call.arguments']).toBe(
      '{"amount":7}',
    );
  });

  it('keeps what the caller has put into _meta, a trace context of its own too', async () => {
    const own = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, 'acme/tag': 1 };
    await asCaller(() => client.callTool({ name: 'refund', _meta: own }));
    await asCaller(() => client.callTool({ name: 'refund', _meta: { 'acme/tag': 2 } }));
    expect(received.map(({ params }) => params._meta)).toEqual([
      own,
      { 'acme/tag': 2, traceparent: expect.any(String), tracestate: `whence=${caller.reference}` },
    ]);
  });

  it('has failed where the tool says so in its result, and where there is none', async () => {
    await client.callTool({ name: 'broken' });
    expect(of(SpanKind.CLIENT, 'tools/call broken')).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'tool_error' },
    });
    await expect(client.getPrompt({ name: 'none' })).rejects.toMatchObject({ code: -32602 });
    expect(of(SpanKind.CLIENT, 'prompts/get none')).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: {
        'error.type': '-32602',
        'rpc.response.status_code': '-32602',
        'gen_ai.prompt.name': 'none',
      },
    });
  });

  it('is left alone where tracing is suppressed', async () => {
    await context.with(suppressTracing(ROOT_CONTEXT), () => client.callTool({ name: 'refund' }));
    expect(received[0].params).toEqual({ name: 'refund' });
  });

  it('tells its progress to who asked, not to who opened the connection', async () => {
    const onprogress = (): void => void tell();
    await asCaller(() => client.callTool({ name: 'refund' }, undefined, { onprogress }));
    expect(told[1]).toEqual({ runId: caller.runId, spanId: tracing.named('agent').spanContext().spanId });
  });
});

describe('other requests', () => {
  it('are actions too: resources by their address, prompts by their name', async () => {
    await asCaller(() => client.readResource({ uri: 'books://1' }));
    await asCaller(() => client.getPrompt({ name: 'ask' }));
    expect(of(SpanKind.SERVER, 'resources/read').attributes).toMatchObject({
      'mcp.resource.uri': 'books://1',
      'whence.action.target': 'books://1',
    });
    expect(of(SpanKind.SERVER, 'prompts/get ask').attributes['whence.action.target']).toBe('prompt:ask');
  });

  it('from server to client are handled in the run of what the server does', async () => {
    const ask = () => server.server.createMessage({ messages: [], maxTokens: 1 });
    await asCaller(ask);
    await ask();
    expect(told.map(({ runId }) => runId)).toEqual([caller.runId, undefined]);
  });
});

describe('notifications', () => {
  it('are heard in the run of who sends them, and in nobody’s otherwise', async () => {
    const { LoggingMessageNotificationSchema } = require('@modelcontextprotocol/sdk/types.js');
    const twice = Promise.withResolvers<void>();
    client.setNotificationHandler(LoggingMessageNotificationSchema, () => {
      tell();
      if (told.length === 2) twice.resolve();
    });
    const log = () => server.sendLoggingMessage({ level: 'info', data: 'x' });
    await asCaller(log);
    await log();
    await twice.promise;
    expect(told.map(({ runId }) => runId)).toEqual([caller.runId, undefined]);
  });
});

describe('a message from somebody without the SDK', () => {
  const callRaw = async (meta: unknown): Promise<void> => {
    const params = { name: 'refund', ...(meta === undefined ? {} : { _meta: meta }) };
    const before = told.length;
    const message = { jsonrpc: '2.0', id: 900 + before, method: 'tools/call', params };
    // What reads a stream does so in the context of whoever opened it.
    await inRun(opener, () => action('stream', {}, () => toServer.send(message)));
    await expect.poll(() => told.length).toBe(before + 1);
  };
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const tracestate = `whence=${caller.reference}`;

  it('is nobody’s without a trace context, not of whoever opened the connection', async () => {
    await callRaw(undefined);
    await callRaw({ progressToken: 1 });
    expect(told.map(({ runId }) => runId)).toEqual([undefined, undefined]);
    expect(heard).toEqual([]);
  });

  it.each([
    ['a number', { traceparent: 42 }],
    ['null', { traceparent: null }],
    ['a list', { traceparent: ['00'] }],
    ['nonsense', { traceparent: 'nonsense', tracestate }],
    ['huge', { traceparent: `${traceparent}${'0'.repeat(100_000)}`, tracestate }],
  ])('is nobody’s with a traceparent that is %s, which is said once', async (_, meta) => {
    await callRaw(meta);
    await callRaw(meta);
    expect(told.map(({ runId }) => runId)).toEqual([undefined, undefined]);
    expect(heard).toEqual([expect.stringContaining('malformed traceparent')]);
  });

  it.each([
    ['an object', { traceparent, tracestate: { whence: 1 } }],
    ['huge', { traceparent, tracestate: `whence=${'A'.repeat(100_000)}` }],
    ['nonsense', { traceparent, tracestate: 'whence=nonsense' }],
  ])('belongs to no run with a tracestate that is %s', async (_, meta) => {
    await callRaw(meta);
    expect(told[0]!.runId).toBeUndefined();
    expect(of(SpanKind.SERVER, 'tools/call refund').parentSpanContext?.traceId).toBe('a'.repeat(32));
  });

  it('is linked only, or nothing at all, where inbound context is not followed', async () => {
    config.inbound = 'link';
    await callRaw({ traceparent, tracestate });
    config.inbound = 'discard';
    await callRaw({ traceparent, tracestate });
    const [linked, discarded] = tracing
      .spans()
      .filter(({ kind }) => kind === SpanKind.SERVER)
      .slice(-2);
    expect(told.map(({ runId }) => runId)).toEqual([undefined, undefined]);
    expect(linked).toMatchObject({
      parentSpanContext: undefined,
      links: [{ context: { traceId: 'a'.repeat(32) } }],
    });
    expect(discarded).toMatchObject({ parentSpanContext: undefined, links: [] });
  });

  it('bounds what it records of names', async () => {
    await toServer.send({ jsonrpc: '2.0', id: 7, method: 'prompts/get', params: { name: 'n'.repeat(9999) } });
    await expect
      .poll(() => tracing.spans().find(({ name }) => name.startsWith('prompts/get'))?.name.length)
      .toBe('prompts/get '.length + 256);
  });
});

describe('a message that came with an HTTP request', () => {
  const post = async (meta: object): Promise<ReadableSpan> => {
    const message = { jsonrpc: '2.0', id: 5, method: 'tools/call', params: { name: 'refund', _meta: meta } };
    asCaller(() => atServer.onmessage(message, { requestInfo: { headers: {} } }));
    await expect.poll(() => tracing.spans().some(({ name }) => name === 'tools/call refund')).toBe(true);
    return of(SpanKind.SERVER, 'tools/call refund');
  };

  it('belongs to the request where it says nothing itself', async () => {
    const handled = await post({});
    expect(handled.parentSpanContext?.spanId).toBe(tracing.named('agent').spanContext().spanId);
    expect(told[0]!.runId).toBe(caller.runId);
  });

  it('belongs to whom it names where it does, and is linked to the request', async () => {
    const tracestate = `whence=${opener.reference}`;
    const handled = await post({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate });
    expect(handled.parentSpanContext?.spanId).toBe('b'.repeat(16));
    expect(handled.links).toMatchObject([{ context: tracing.named('agent').spanContext() }]);
    expect(told[0]!.runId).toBe(opener.runId);
  });
});
