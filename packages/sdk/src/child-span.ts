import { basename } from 'node:path';
import { type Context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTEL, WHENCE } from '@whence/model';
import { commandLine } from './command-line.ts';
import { recordFailure } from './failure.ts';
import { tracer } from './tracer.ts';

/** A child process as its parent sees it (OpenTelemetry's conventions for CLI programs, client side). */
export interface ChildSpan {
  /** With the span active: what the child is to carry on. */
  readonly context: Context;
  started(pid: number): void;
  exited(code: number | null, signal: NodeJS.Signals | null): void;
  failed(error: unknown): void;
}

export const startChildSpan = (file: string, args: readonly string[], active: Context): ChildSpan => {
  const executable = basename(file);
  const span = tracer().startSpan(
    executable,
    {
      kind: SpanKind.CLIENT,
      attributes: {
        [OTEL.processExecutable.key]: executable,
        [OTEL.processCommandLine.key]: commandLine([file, ...args]),
        [WHENCE.cause.key]: 'spawn',
      },
    },
    active,
  );
  const end = (): void => {
    open.delete(end);
    if (span.isRecording()) span.end();
  };
  open.add(end);
  return {
    context: trace.setSpan(active, span),
    started: (pid) => span.setAttribute('process.pid', pid),
    exited: (code, signal) => {
      if (code !== null) span.setAttribute(OTEL.processExitCode.key, code);
      if (code !== 0) {
        const message = signal === null ? `exit code ${code}` : `ended by ${signal}`;
        span.setStatus({ code: SpanStatusCode.ERROR, message });
      }
      end();
    },
    failed: (error) => {
      recordFailure(span, error);
      end();
    },
  };
};

const open = new Set<() => void>();

/** For the end of this process: children may outlive it, their spans here may not. They then have no exit code. */
export const endOpenChildSpans = (): void => {
  for (const end of open) end();
};
