import type { Context } from '@opentelemetry/api';
import type { Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import { WHENCE } from '@whence/model';
import { spansInConflict } from '../runs/conflict.ts';
import { causeIn } from './caused-by.ts';

/** Links the first span of a trace that `causedBy` or a conflict began to its cause. Spans cannot be given links by a sampler. */
export class CauseLinks implements SpanProcessor {
  onStart(span: Span, parentContext: Context): void {
    if (span.parentSpanContext !== undefined) return;
    const cause = causeIn(parentContext);
    if (cause !== undefined) {
      span.addLink({ context: cause.spanContext, attributes: { [WHENCE.cause.key]: cause.kind } });
    }
    for (const context of spansInConflict(parentContext)) span.addLink({ context });
  }

  onEnd(): void {}

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
