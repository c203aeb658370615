import type { TracerProvider } from '@opentelemetry/api';
import {
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
} from '@opentelemetry/instrumentation';
import { RedisInstrumentation } from '@opentelemetry/instrumentation-redis';
import { aroundPatch, type OwnPatches } from '../patching/around-patch.ts';
import { maskFailures } from '../patching/masked-failures.ts';
import { boundHere, madeOutside } from '../patching/outside-runs.ts';
import { patchMethod } from '../patching/patched-method.ts';
import { watchedSpans } from '../patching/watched-spans.ts';
import type { TracedLibrary } from '../traced-library.ts';
import { redisCommandText } from './redis-command-text.ts';

/**
 * The official instrumentation of node-redis, with values masked. Redis has no carrier: a command is its arguments and
 * nothing else, so that the server cannot be told whose it is.
 */
export const redis: TracedLibrary = {
  packages: ['redis', '@redis/client'],
  instrumentation: ({ config: { statementValues } }) => {
    const spans = watchedSpans((span) => {
      if (!statementValues) maskFailures(span);
    });
    return new (class extends RedisInstrumentation {
      /** Patches of ours; the official ones are in parts that it makes later. */
      override init(): InstrumentationNodeModuleDefinition[] {
        return [
          new InstrumentationNodeModuleDefinition(CLIENT, VERSIONS, asItIs, asItIs, OWN_FILES.map(ownFile)),
        ];
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

const CLIENT = '@redis/client';
const VERSIONS = ['>=1 <7'];

const asItIs = <T>(exported: T): T => exported;

type ClassExport = Readonly<Record<string, { readonly prototype: object } | undefined>>;

/** The connection is nobody's: what it hears (messages, reconnections) is not in the run that opened it. */
const client: OwnPatches<object> = {
  find: (exported) => (exported as ClassExport)['default']?.prototype,
  below: (prototype) => patchMethod(prototype, 'connect', madeOutside),
};

/** What waits for a client of the pool runs where it was given, not where another's is given back. */
const pool: OwnPatches<object> = {
  find: (exported) => (exported as ClassExport)['RedisClientPool']?.prototype,
  below: (prototype) => {
    patchMethod(
      prototype,
      'execute',
      (original) =>
        function execute(this: unknown, task) {
          return original.call(this, boundHere(task));
        },
    );
    patchMethod(prototype, 'connect', madeOutside);
  },
};

const OWN_FILES: readonly [string, OwnPatches<object>][] = [
  ['client/index.js', client],
  ['client/pool.js', pool],
];

const ownFile = ([path, patches]: (typeof OWN_FILES)[number]): InstrumentationNodeModuleFile => {
  const file = new InstrumentationNodeModuleFile(`${CLIENT}/dist/lib/${path}`, VERSIONS, asItIs, asItIs);
  aroundPatch(file, patches);
  return file;
};
