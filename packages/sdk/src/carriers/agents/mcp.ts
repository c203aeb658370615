import { join } from 'node:path';
import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import {
  InstrumentationBase,
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
  isWrapped,
} from '@opentelemetry/instrumentation';
import type { CarrierSettings, TracedLibrary } from '../traced-library.ts';
import { type McpMessage, receivedContext, transportLinks, withMeta } from './mcp-context.ts';
import { endWithError, endWithResult, startMcpSpan } from './mcp-span.ts';
import { onRequiredFile } from './required-file.ts';

/**
 * Model Context Protocol, both ends, over any transport: each request is an action, and is handled in the run of who
 * sent it. What a session's transport says counts for less than what the message says: sessions are shared.
 */
export const mcp: TracedLibrary = {
  packages: [/\/@modelcontextprotocol\/sdk\/dist\/esm\/shared\/protocol\.js$/],
  instrumentation: (settings) => new McpInstrumentation(settings),
};

const SDK = '@modelcontextprotocol/sdk';
const VERSIONS = ['>=1.10 <2'];

/** The class that clients and servers extend. */
interface Protocol {
  readonly transport?: { readonly sessionId?: string };
  readonly _requestMessageId?: number;
  readonly _options?: { readonly debouncedNotificationMethods?: readonly string[] };
  request(request: McpMessage, schema: unknown, options?: RequestOptions): Promise<unknown>;
  notification(notification: McpMessage, options?: unknown): Promise<void>;
  setRequestHandler(schema: unknown, handler: Handler): void;
  _onrequest(request: McpMessage, extra?: { readonly requestInfo?: unknown }): void;
  _onnotification(notification: McpMessage): void;
}

interface ProtocolExports {
  readonly Protocol?: { readonly prototype: Protocol };
}

interface RequestOptions {
  readonly onprogress?: (...args: unknown[]) => unknown;
}

type Handler = (request: McpMessage, extra: HandlerExtra) => unknown;

interface HandlerExtra {
  readonly requestId?: unknown;
  readonly sessionId?: unknown;
}

class McpInstrumentation extends InstrumentationBase {
  readonly #settings: CarrierSettings;

  constructor(settings: CarrierSettings) {
    super('@whence/sdk/mcp', '0.1.0', {});
    this.#settings = settings;
    onRequiredFile('/protocol.js', (exports) => this.#patch(exports as ProtocolExports));
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    const file = new InstrumentationNodeModuleFile(
      join(SDK, 'dist/esm/shared/protocol.js'),
      VERSIONS,
      (exports: ProtocolExports) => this.#patch(exports),
      () => {},
    );
    return new InstrumentationNodeModuleDefinition(SDK, VERSIONS, undefined, undefined, [file]);
  }

  #patch(exports: ProtocolExports): ProtocolExports {
    const prototype = exports.Protocol?.prototype;
    if (!isProtocol(prototype) || isWrapped(prototype.request)) return exports;
    const settings = this.#settings;
    this._wrap(prototype, 'request', patchRequest(settings));
    this._wrap(prototype, 'notification', patchNotification);
    this._wrap(prototype, 'setRequestHandler', patchSetRequestHandler(settings));
    this._wrap(prototype, '_onrequest', patchOnRequest(settings));
    this._wrap(prototype, '_onnotification', patchOnNotification(settings));
    return exports;
  }
}

const METHODS = ['request', 'notification', 'setRequestHandler', '_onrequest', '_onnotification'] as const;

const isProtocol = (prototype: Protocol | undefined): prototype is Protocol =>
  METHODS.every((name) => typeof prototype?.[name] === 'function');

const attempt = <T>(fn: () => T): T | undefined => {
  try {
    return fn();
  } catch {
    return undefined;
  }
};

const patchRequest =
  ({ config }: CarrierSettings) =>
  (request: Protocol['request']): Protocol['request'] =>
    function (this: Protocol, message, schema, options) {
      const active = context.active();
      if (isTracingSuppressed(active)) return request.call(this, message, schema, options);
      const prepared = attempt(() => {
        const { transport, _requestMessageId: requestId } = this;
        const call = { requestId, sessionId: transport?.sessionId, transport };
        const span = startMcpSpan(SpanKind.CLIENT, message, call, {
          within: active,
          links: [],
          values: config.statementValues,
        });
        const within = trace.setSpan(active, span);
        return { span, within, carrying: withMeta(message, within), options: progressTo(active, options) };
      });
      if (prepared === undefined) return request.call(this, message, schema, options);
      const { span, within } = prepared;
      return context
        .with(within, () => request.call(this, prepared.carrying, schema, prepared.options))
        .then(
          (result) => {
            endWithResult(span, result);
            return result;
          },
          (error: unknown) => {
            endWithError(span, error);
            throw error;
          },
        );
    };

/** Progress comes in by the connection, whoever opened that; it is told to whoever asked. */
const progressTo = (
  active: ReturnType<typeof context.active>,
  options: RequestOptions | undefined,
): RequestOptions | undefined =>
  typeof options?.onprogress === 'function'
    ? { ...options, onprogress: context.bind(active, options.onprogress) }
    : options;

/** A notification that is coalesced with others of its kind has no params, and would not be with them. */
const patchNotification = (notification: Protocol['notification']): Protocol['notification'] =>
  function (this: Protocol, message, options) {
    const coalesced =
      message?.params === undefined && this._options?.debouncedNotificationMethods?.includes(message?.method);
    const carrying = coalesced ? message : (attempt(() => withMeta(message, context.active())) ?? message);
    return notification.call(this, carrying, options);
  };

const patchOnRequest =
  (settings: CarrierSettings) =>
  (onRequest: Protocol['_onrequest']): Protocol['_onrequest'] =>
    function (this: Protocol, message, extra) {
      const byRequest = extra?.requestInfo !== undefined;
      const received = attempt(() => receivedContext(message, byRequest, settings)) ?? ROOT_CONTEXT;
      return context.with(received, () => onRequest.call(this, message, extra));
    };

const patchOnNotification =
  (settings: CarrierSettings) =>
  (onNotification: Protocol['_onnotification']): Protocol['_onnotification'] =>
    function (this: Protocol, message) {
      const received = attempt(() => receivedContext(message, false, settings)) ?? ROOT_CONTEXT;
      return context.with(received, () => onNotification.call(this, message));
    };

const patchSetRequestHandler =
  ({ config }: CarrierSettings) =>
  (setRequestHandler: Protocol['setRequestHandler']): Protocol['setRequestHandler'] =>
    function (this: Protocol, schema, handler) {
      const handled: Handler = async (message, extra) => {
        const active = context.active();
        const span = attempt(() =>
          startMcpSpan(
            SpanKind.SERVER,
            message,
            { requestId: extra?.requestId, sessionId: extra?.sessionId, transport: this.transport },
            { within: active, links: transportLinks(active), values: config.statementValues },
          ),
        );
        if (span === undefined) return handler(message, extra);
        try {
          const result = await context.with(trace.setSpan(active, span), () => handler(message, extra));
          endWithResult(span, result);
          return result;
        } catch (error) {
          endWithError(span, error);
          throw error;
        }
      };
      return setRequestHandler.call(this, schema, typeof handler === 'function' ? handled : handler);
    };
