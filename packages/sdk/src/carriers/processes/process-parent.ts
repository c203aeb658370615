import { type Context, createContextKey, defaultTextMapGetter, ROOT_CONTEXT } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';

/** The context that another process gave this one (OpenTelemetry, environment variables as carriers). */
export const processParent = (parent: { traceparent: string; tracestate?: string }): Context =>
  new W3CTraceContextPropagator().extract(ROOT_CONTEXT, parent, defaultTextMapGetter);

const DETACHED = ROOT_CONTEXT.setValue(createContextKey('whence detached'), true);

/**
 * Where nothing else is active, the process's own parent is. A root context that somebody sets (a server, for a request
 * that came without one) stays a root.
 */
export class ProcessParentContextManager extends AsyncLocalStorageContextManager {
  readonly #parent: Context;

  constructor(parent: Context) {
    super();
    this.#parent = parent;
  }

  override active(): Context {
    const active = super.active();
    return active === ROOT_CONTEXT ? this.#parent : active;
  }

  override with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return super.with(context === ROOT_CONTEXT ? DETACHED : context, fn, thisArg, ...args);
  }

  override attach(context: Context): ReturnType<AsyncLocalStorageContextManager['attach']> {
    return super.attach(context === ROOT_CONTEXT ? DETACHED : context);
  }
}
