import { basename } from 'node:path';
import { type Context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { commandLine, OTEL, WHENCE } from '@whence/model';

import { recordFailure } from '../../runs/failure.ts';
import { tracer } from '../../runs/tracer.ts';

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
  return {
    context: trace.setSpan(active, span),
    started: (pid) => span.setAttribute('process.pid', pid),
    exited: (code, signal) => {
      if (code !== null) span.setAttribute(OTEL.processExitCode.key, code);
      if (signal !== null) span.setAttribute(WHENCE.processSignal.key, signal);
      if (code !== 0) {
        const message = signal === null ? `exit code ${code}` : `ended by ${signal}`;
        span.setStatus({ code: SpanStatusCode.ERROR, message });
      }
      span.end();
    },
    failed: (error) => {
      recordFailure(span, error);
      span.end();
    },
  };
};
