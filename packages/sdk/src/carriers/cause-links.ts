import type { Context } from '@opentelemetry/api';
import type { Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import { spansInConflict } from '../runs/conflict.ts';
import { causeIn, linksTo } from './caused-by.ts';

/** Links the first span of a trace that `causedBy` or a conflict began to its cause. Spans cannot be given links by a sampler. */
export class CauseLinks implements SpanProcessor {
  onStart(span: Span, parentContext: Context): void {
    if (span.parentSpanContext !== undefined) return;
    span.addLinks(linksTo(causeIn(parentContext)));
    for (const context of spansInConflict(parentContext)) span.addLink({ context });
  }

  onEnd(): void {}

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
