import { type Context, context, type TracerProvider } from '@opentelemetry/api';
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis';
import { reconcile } from '../../runs/conflict.ts';
import { aroundPatch, commonJsOf, type OwnPatches } from '../patching/around-patch.ts';
import { maskFailures } from '../patching/masked-failures.ts';
import { madeOutside } from '../patching/outside-runs.ts';
import { type Method, patchMethod } from '../patching/patched-method.ts';
import { watchedSpans } from '../patching/watched-spans.ts';
import type { TracedLibrary } from '../traced-library.ts';
import { redisCommandText } from './redis-command-text.ts';

/** The official instrumentation, with values masked. Redis has no carrier. */
export const ioredis: TracedLibrary = {
  packages: ['ioredis'],
  instrumentation: ({ config: { statementValues } }) => {
    const spans = watchedSpans((span) => {
      if (!statementValues) maskFailures(span);
    });
    return new (class extends IORedisInstrumentation {
      override init(): ReturnType<IORedisInstrumentation['init']> {
        const definitions = super.init();
        for (const definition of definitions) aroundPatch(definition, ownPatches());
        return definitions;
      }

      override setTracerProvider(provider: TracerProvider): void {
        super.setTracerProvider(spans.provider(provider));
      }
    })({
      requireParentSpan: false,
      dbStatementSerializer: (name, args) => redisCommandText(name, args, statementValues),
    });
  },
};

interface Package {
  readonly prototype: object;
  readonly Cluster?: { readonly prototype: object };
  readonly Pipeline?: { readonly prototype: object };
}

const ownPatches = (): OwnPatches<Package> => {
  /** Where each command was called: it may wait in a pipeline, in a cluster, or for the connection. */
  const called = new WeakMap<object, Context>();
  const automatic = new WeakSet<object>();
  const sent = new WeakSet<object>();
  let unpatched: Method | undefined;
  return {
    find: (exported) => {
      const found = commonJsOf(exported) as Partial<Package> | undefined;
      return typeof found === 'function' ? (found as unknown as Package) : undefined;
    },
    below: ({ prototype, Cluster, Pipeline }) => {
      patchMethod(prototype, 'sendCommand', (original) => {
        unpatched = original;
        return original;
      });
      const noting = (original: Method): Method =>
        function sendCommand(this: MayPipeline, command, ...rest) {
          if (!called.has(command)) called.set(command, context.active());
          if (isAutomatic(this)) automatic.add(command);
          return original.call(this, command, ...rest);
        };
      if (Cluster !== undefined) {
        patchMethod(Cluster.prototype, 'sendCommand', noting);
      }
      if (Pipeline !== undefined) patchMethod(Pipeline.prototype, 'sendCommand', noting);
    },
    above: ({ prototype, Cluster }) => {
      // The span of connecting, and what the client asks the server then, are nobody's too.
      patchMethod(prototype, 'connect', madeOutside);
      if (Cluster !== undefined) patchMethod(Cluster.prototype, 'connect', madeOutside);
      patchMethod(
        prototype,
        'sendCommand',
        (original) =>
          function sendCommand(this: unknown, command, ...rest) {
            // What waited for the connection, or is sent once more after it was lost, is the same action.
            if (sent.has(command) && unpatched !== undefined) return unpatched.call(this, command, ...rest);
            sent.add(command);
            const where = called.get(command) ?? context.active();
            const send = (): unknown => original.call(this, command, ...rest);
            return automatic.has(command)
              ? context.with(where, send)
              : context.with(reconcile(where, context.active()), send);
          },
      );
    },
  };
};

/** What a pipeline has of the client that it is for. */
interface MayPipeline {
  readonly redis?: { readonly _autoPipelines?: ReadonlyMap<string, unknown> };
}

/** With `enableAutoPipelining`, calls of several runs are sent together, by the first of them. */
const isAutomatic = (pipeline: MayPipeline): boolean =>
  [...(pipeline.redis?._autoPipelines?.values() ?? [])].includes(pipeline);
