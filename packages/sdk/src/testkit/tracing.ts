import { type Context, context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { CauseLinks } from '../carriers/cause-links.ts';
import { ProcessParentContextManager } from '../carriers/processes/process-parent.ts';
import { RunSampler } from '../runs/run-sampler.ts';

export interface Tracing {
  readonly spans: () => ReadableSpan[];
  named(name: string): ReadableSpan;
  clear(): void;
  stop(): void;
}

/** Tracing in this process as the SDK sets it up, with the spans kept here. */
export const startTracing = (others: Sampler = new AlwaysOnSampler(), processParent?: Context): Tracing => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    sampler: new RunSampler(others),
    spanProcessors: [new CauseLinks(), new SimpleSpanProcessor({ exporter })],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(
    processParent === undefined
      ? new AsyncLocalStorageContextManager()
      : new ProcessParentContextManager(processParent),
  );
  return {
    spans: () => exporter.getFinishedSpans(),
    named: (name) => {
      const found = exporter.getFinishedSpans().filter((span) => span.name === name);
      if (found.length !== 1) throw new Error(`${found.length} spans are named ${name}`);
      return found[0]!;
    },
    clear: () => exporter.reset(),
    stop: () => {
      trace.disable();
      context.disable();
    },
  };
};

export const traceStateOf = (span: ReadableSpan): string | undefined =>
  span.spanContext().traceState?.serialize();
