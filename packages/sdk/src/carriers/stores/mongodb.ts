import { type Context, context, type TracerProvider } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { InstrumentationNodeModuleFile } from '@opentelemetry/instrumentation';
import { MongoDBInstrumentation } from '@opentelemetry/instrumentation-mongodb';
import { reconcile } from '../../runs/conflict.ts';
import { aroundPatch, type OwnPatches } from '../patching/around-patch.ts';
import { maskFailures } from '../patching/masked-failures.ts';
import { madeOutside } from '../patching/outside-runs.ts';
import { type Method, patchMethod } from '../patching/patched-method.ts';
import { type WatchedSpans, watchedSpans } from '../patching/watched-spans.ts';
import { commentOf } from '../sql/sql-comment.ts';
import type { TracedLibrary } from '../traced-library.ts';
import { commandNameOf, mongoCommandText } from './mongodb-command-text.ts';
import { type Command, refusesComment, withCommandComment } from './mongodb-comment.ts';

/** The official instrumentation, with values masked, and the reference in commands' `comment`. */
export const mongodb: TracedLibrary = {
  packages: ['mongodb'],
  instrumentation: ({ config: { statementValues, sqlComments } }) => {
    const spans = watchedSpans((span) => {
      if (!statementValues) maskFailures(span);
    });
    let command: Command = {};
    const connection: OwnPatches<object> = {
      find: (exported) => (exported as Exports)['Connection']?.prototype,
      below: (prototype) =>
        patchMethod(
          prototype,
          'command',
          carrying(spans, (span) => commentOf(span, sqlComments)),
        ),
      above: (prototype) =>
        patchMethod(
          prototype,
          'command',
          watching((given) => {
            command = given;
          }),
        ),
    };
    const connect: OwnPatches<object> = {
      find: (exported) => exported as object,
      below: (exports) => patchMethod(exports, 'connect', madeOutside),
    };
    return new (class extends MongoDBInstrumentation {
      override init(): ReturnType<MongoDBInstrumentation['init']> {
        const definitions = super.init();
        for (const { supportedVersions, files } of definitions) {
          if (supportedVersions.includes('>=3.3.0 <4')) continue;
          for (const file of files) {
            if (file.name.endsWith('connection.js')) aroundPatch(file, connection);
            if (file.name.endsWith('connect.js')) aroundPatch(file, connect);
          }
          files.push(cursorFile(supportedVersions));
        }
        return definitions;
      }

      override setTracerProvider(provider: TracerProvider): void {
        super.setTracerProvider(spans.provider(provider));
      }
    })({
      requireParentSpan: false,
      // It is given a part of the command; the whole is recorded.
      dbStatementSerializer: () => mongoCommandText(command, statementValues),
    });
  },
};

type Exports = Readonly<Record<string, { readonly prototype: object } | undefined>>;
type SpanContext = Parameters<typeof commentOf>[0];

/** What the driver does by itself to connect and to clean up is no action. */
const HOUSEKEEPING = new Set(['saslStart', 'saslContinue', 'authenticate', 'endSessions']);

const watching =
  (noted: (command: Command) => void) =>
  (original: Method): Method =>
    function command(this: unknown, namespace, given, ...rest) {
      if (typeof given !== 'object' || given === null) return original.call(this, namespace, given, ...rest);
      noted(given);
      const call = (): unknown => original.call(this, namespace, given, ...rest);
      return HOUSEKEEPING.has(commandNameOf(given))
        ? context.with(suppressTracing(context.active()), call)
        : call();
    };

interface Connection {
  readonly address?: string;
  readonly description?: { readonly maxWireVersion?: number };
}

/** Below the official patch, which has started the span. */
const carrying = (spans: WatchedSpans, comment: (span: SpanContext) => string | undefined) => {
  const refusing = new Set<string | undefined>();
  return (original: Method): Method =>
    function command(this: Connection, namespace, given, ...rest) {
      const span = spans.take();
      const commented = span === undefined ? undefined : comment(span.spanContext());
      const { address, description } = this;
      const sent =
        commented === undefined || refusing.has(address)
          ? given
          : withCommandComment(given, commented, description?.maxWireVersion ?? 0);
      const result = original.call(this, namespace, sent, ...rest);
      if (sent === given || typeof result?.then !== 'function') return result;
      return result.then(undefined, (error: unknown) => {
        if (!refusesComment(error)) throw error;
        refusing.add(address);
        return original.call(this, namespace, given, ...rest);
      });
    };
};

/** A cursor is sent when it is read, which may be in another run than the one that made it. */
const cursorFile = (versions: string[]): InstrumentationNodeModuleFile => {
  const made = new WeakMap<object, Context>();
  const file = new InstrumentationNodeModuleFile(
    'mongodb/lib/cursor/abstract_cursor.js',
    versions,
    (exported) => exported,
    () => {},
  );
  aroundPatch<object>(file, {
    find: (exported) => (exported as Exports)['AbstractCursor']?.prototype,
    below: (prototype) => {
      patchMethod(
        prototype,
        'trackCursor',
        (original) =>
          function trackCursor(this: object, ...args) {
            made.set(this, context.active());
            return original.apply(this, args);
          },
      );
      for (const name of ['cursorInit', 'getMore']) {
        patchMethod(
          prototype,
          name,
          (original) =>
            function read(this: object, ...args) {
              const active = context.active();
              const around = reconcile(made.get(this) ?? active, active);
              return context.with(around, () => original.apply(this, args));
            },
        );
      }
    },
  });
  return file;
};
