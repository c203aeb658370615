import { pathToFileURL } from 'node:url';
import { type MeterProvider, ROOT_CONTEXT, type TracerProvider } from '@opentelemetry/api';
import type { InstrumentationNodeModuleDefinition } from '@opentelemetry/instrumentation';
import { AwsLambdaInstrumentation } from '@opentelemetry/instrumentation-aws-lambda';
import type { Notices } from '../../settings/notices.ts';
import { installed } from '../../startup/installed.ts';
import type { TracedLibrary } from '../traced-library.ts';
import { parentOfInvocation, triggerOf } from './lambda-event.ts';
import { lambdaHandlerFile } from './lambda-handler-file.ts';
import { LambdaInvocation } from './lambda-invocation.ts';
import { withTracedHandler } from './traced-handler.ts';

const handlerFile = lambdaHandlerFile(process.env);

/** The handler of a Lambda function, in whose process this is; nothing elsewhere. `X-Amzn-Trace-Id` is left alone. */
export const lambda: TracedLibrary = {
  packages: handlerFile === undefined ? [] : [pathToFileURL(handlerFile).href],
  instrumentation: ({ notices }) => {
    const { _HANDLER, LAMBDA_TASK_ROOT } = process.env;
    if (_HANDLER && LAMBDA_TASK_ROOT && handlerFile === undefined) {
      notices.warn(`invocations are NOT traced: no module of handler ${_HANDLER} in ${LAMBDA_TASK_ROOT}`);
    }
    return new LambdaInstrumentation(new LambdaInvocation(), notices);
  },
};

class LambdaInstrumentation extends AwsLambdaInstrumentation {
  readonly #invocation: LambdaInvocation;
  readonly #notices: Notices;

  constructor(invocation: LambdaInvocation, notices: Notices) {
    super({
      eventContextExtractor: (event, { clientContext }) => {
        try {
          return parentOfInvocation(event, clientContext);
        } catch {
          return ROOT_CONTEXT;
        }
      },
      requestHook: (span, { event, context }) => {
        invocation.began(context);
        const trigger = triggerOf(event);
        if (trigger !== undefined) span.setAttribute('faas.trigger', trigger);
      },
      responseHook: () => invocation.over(),
      useGlobalPropagatorForSqsExtraction: true,
    });
    this.#invocation = invocation;
    this.#notices = notices;
  }

  /** What is replaced is one export of the handler's module; where that fails, the function runs untraced. */
  override init(): InstrumentationNodeModuleDefinition[] {
    const definitions = super.init();
    for (const { files } of definitions) {
      for (const file of files) {
        const { patch } = file;
        file.patch = (exported, version) => {
          try {
            return withTracedHandler(exported as object, (own) => patch(own, version) as object);
          } catch (error) {
            this.#notices.warn(`invocations are NOT traced: the handler could not be wrapped: ${error}`);
            return exported;
          }
        };
      }
    }
    return definitions;
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
