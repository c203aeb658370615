import { pathToFileURL } from 'node:url';
import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { AwsLambdaInstrumentation } from '@opentelemetry/instrumentation-aws-lambda';
import { installed } from '../../startup/installed.ts';
import type { TracedLibrary } from '../traced-library.ts';
import { parentOfInvocation, triggerOf } from './lambda-event.ts';
import { lambdaHandlerFile } from './lambda-handler-file.ts';
import { LambdaInvocation } from './lambda-invocation.ts';

const handlerFile = lambdaHandlerFile(process.env);

/** The handler of a Lambda function, in whose process this is; nothing elsewhere. `X-Amzn-Trace-Id` is left alone. */
export const lambda: TracedLibrary = {
  packages: handlerFile === undefined ? [] : [pathToFileURL(handlerFile).href],
  instrumentation: () => new LambdaInstrumentation(new LambdaInvocation()),
};

class LambdaInstrumentation extends AwsLambdaInstrumentation {
  readonly #invocation: LambdaInvocation;

  constructor(invocation: LambdaInvocation) {
    super({
      eventContextExtractor: (event, { clientContext }) => parentOfInvocation(event, clientContext),
      requestHook: (span, { event, context }) => {
        invocation.began(context);
        const trigger = triggerOf(event);
        if (trigger !== undefined) span.setAttribute('faas.trigger', trigger);
      },
      responseHook: () => invocation.over(),
      useGlobalPropagatorForSqsExtraction: true,
    });
    this.#invocation = invocation;
  }

  override setTracerProvider(provider: TracerProvider): void {
    super.setTracerProvider({
      getTracer: (...given) => provider.getTracer(...given),
      ...this.#flushing(async () => installed()?.whence.flush()),
    });
  }

  override setMeterProvider(provider: MeterProvider & { forceFlush?(): Promise<void> }): void {
    super.setMeterProvider({
      getMeter: (...given) => provider.getMeter(...given),
      ...this.#flushing(async () => provider.forceFlush?.()),
    });
  }

  /** OpenTelemetry awaits this before it gives back what the handler gave. */
  #flushing(work: () => Promise<unknown>): { forceFlush: () => Promise<void> } {
    return { forceFlush: () => this.#invocation.flush(work) };
  }
}
