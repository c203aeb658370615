import { type Span, type TracerProvider, trace } from '@opentelemetry/api';
import { InstrumentationNodeModuleFile } from '@opentelemetry/instrumentation';
import { MySQL2Instrumentation } from '@opentelemetry/instrumentation-mysql2';
import { statementText, statementWithValues } from '@whence/model';
import { aroundPatch, type OwnPatches } from '../patching/around-patch.ts';
import { maskFailures } from '../patching/masked-failures.ts';
import { madeOutside } from '../patching/outside-runs.ts';
import { type Method, patchMethod } from '../patching/patched-method.ts';
import { watchedSpans } from '../patching/watched-spans.ts';
import type { TracedLibrary } from '../traced-library.ts';
import { preparing } from './mysql2-prepared.ts';
import { boundStatement, carryingStatement, withBoundListeners } from './mysql2-queries.ts';
import { forgetSessionAfter } from './mysql2-session.ts';

/** The official instrumentation, with statements masked, the reference carried, and pools that keep runs apart. */
export const mysql2: TracedLibrary = {
  packages: ['mysql2'],
  instrumentation: ({ config: { statementValues, sqlComments } }) => {
    const spans = watchedSpans((span) => {
      span.updateName(verbOf(span));
      if (!statementValues) maskFailures(span);
    });
    const record = (text: string): string =>
      (statementValues ? statementWithValues : statementText)(text, 'mysql');
    let tracer = trace.getTracer(NAME);
    const connection: OwnPatches<object> = {
      find: connectionIn,
      below: (prototype) => {
        patchMethod(prototype, 'query', carryingStatement(spans.take, sqlComments, false));
        patchMethod(prototype, 'execute', carryingStatement(spans.take, sqlComments, true));
        for (const name of ['reset', 'changeUser']) patchMethod(prototype, name, forgetting);
        patchMethod(prototype, 'prepare', preparing({ tracer: () => tracer, record, mode: sqlComments }));
      },
      above: (prototype) => {
        for (const name of ['query', 'execute']) patchMethod(prototype, name, boundStatement);
      },
    };
    return new (class extends MySQL2Instrumentation {
      protected override init(): ReturnType<MySQL2Instrumentation['init']> {
        const definitions = super.init();
        for (const { name, supportedVersions, files } of definitions) {
          for (const file of files) if (file.name.endsWith('connection.js')) aroundPatch(file, connection);
          for (const [path, patches] of Object.entries(OWN_FILES)) {
            const file = new InstrumentationNodeModuleFile(
              `${name}/${path}`,
              supportedVersions,
              asItIs,
              asItIs,
            );
            aroundPatch(file, patches);
            files.push(file);
          }
          const path = `${name}/lib/create_connection.js`;
          files.push(new InstrumentationNodeModuleFile(path, supportedVersions, connectingOutside, asItIs));
        }
        return definitions;
      }

      override setTracerProvider(provider: TracerProvider): void {
        super.setTracerProvider(spans.provider(provider));
        tracer = spans.provider(provider).getTracer(NAME);
      }
    })({ maskStatement: true, maskStatementHook: record });
  },
};

const NAME = '@whence/sdk';

const asItIs = <T>(exported: T): T => exported;

/** The function that the file exports. */
const connectingOutside = (create: Method): Method =>
  typeof create === 'function' ? madeOutside(create) : create;

/** The official name begins with the statement, up to its first blank. */
const verbOf = (span: Span): string =>
  /^[\s(]*([A-Za-z]+)/.exec((span as { name?: string }).name ?? '')?.[1]?.toUpperCase() ?? 'mysql';

/** What `query` and `execute` are methods of: until 3.11 the connection, since then what it extends. */
const connectionIn = (exported: unknown): object | undefined => {
  const own = (exported as { prototype?: object } | undefined)?.prototype;
  const base = own === undefined ? undefined : (Object.getPrototypeOf(own) as { query?: unknown } | null);
  return typeof base?.query === 'function' ? base : own;
};

const forgetting = (original: Method): Method =>
  function forget(this: object, ...args) {
    const command = original.apply(this, args);
    forgetSessionAfter(this, command);
    return command;
  };

/** Who waits for a connection is called back where it asked; a new one is made in nobody's context. */
const pool: OwnPatches<object> = {
  find: (exported) => {
    const own = (exported as { prototype?: object } | undefined)?.prototype;
    return own !== undefined && Object.hasOwn(own, 'getConnection') ? own : undefined;
  },
  above: (prototype) => {
    patchMethod(prototype, 'getConnection', madeOutside);
    patchMethod(
      prototype,
      'query',
      (original) =>
        function query(this: unknown, ...args) {
          const command = original.apply(this, args);
          return typeof command?.onResult === 'function' ? command : withBoundListeners(command);
        },
    );
  },
};

/** Files of the package that the official instrumentation leaves alone. */
const OWN_FILES: Readonly<Record<string, OwnPatches<object>>> = {
  'lib/base/pool.js': pool,
  'lib/pool.js': pool,
};
