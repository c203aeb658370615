import type { TracerProvider } from '@opentelemetry/api';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { statementText, statementWithValues } from '@whence/model';
import { aroundPatch, commonJsOf, type OwnPatches } from '../patching/around-patch.ts';
import { maskFailures } from '../patching/masked-failures.ts';
import { boundHere, madeOutside } from '../patching/outside-runs.ts';
import { patchMethod } from '../patching/patched-method.ts';
import { watchedSpans } from '../patching/watched-spans.ts';
import type { CarrierSettings, TracedLibrary } from '../traced-library.ts';
import { closeNamedPortals } from './pg-portal.ts';
import { boundQuery, carryingQuery } from './pg-queries.ts';

/**
 * The official instrumentation, with statements masked and the reference carried. A query outside of any span is recorded
 * as well: an action that nobody is named for is still an action. Connecting is none: connections are shared.
 */
export const pg: TracedLibrary = {
  packages: ['pg', 'pg-pool'],
  instrumentation: ({ config }) => {
    const { statementValues, sqlComments } = config;
    const spans = watchedSpans(statementValues ? undefined : maskFailures);
    const client: OwnPatches<ClientClass> = {
      find: clientIn,
      below: ({ prototype, Query }) => {
        const namesPortals = closeNamedPortals(Query);
        patchMethod(prototype, 'query', carryingQuery(spans.take, sqlComments, namesPortals));
        patchMethod(prototype, 'connect', madeOutside);
      },
      above: ({ prototype }) => patchMethod(prototype, 'query', boundQuery),
    };
    return new (class extends PgInstrumentation {
      protected override init(): ReturnType<PgInstrumentation['init']> {
        const definitions = super.init();
        for (const definition of definitions) {
          if (definition.name === 'pg-pool') aroundPatch(definition, POOL);
          else for (const patched of [definition, ...definition.files]) aroundPatch(patched, client);
        }
        return definitions;
      }

      override setTracerProvider(provider: TracerProvider): void {
        super.setTracerProvider(spans.provider(provider));
      }
    })(configOf(statementValues));
  },
};

type PgConfig = NonNullable<ConstructorParameters<typeof PgInstrumentation>[0]>;

const configOf = (statementValues: CarrierSettings['config']['statementValues']): PgConfig => ({
  requireParentSpan: false,
  ignoreConnectSpans: true,
  requestHook: (span, { query, connection }) => {
    const text = (statementValues ? statementWithValues : statementText)(query.text, 'postgresql');
    span.setAttribute('db.query.text', text);
    if (query.name === undefined) span.updateName(spanName(text, connection.database));
  },
});

const spanName = (text: string, database: string | undefined): string => {
  const verb = /^[\s(]*([A-Za-z]+)/.exec(text)?.[1]?.toUpperCase() ?? '';
  return `pg.query:${verb}${database === undefined ? '' : ` ${database}`}`;
};

interface ClientClass {
  readonly prototype: object;
  readonly Query?: { readonly prototype: object };
}

/** The class that the package has in its exports, and that its file exports. */
const clientIn = (exported: unknown): ClientClass | undefined => {
  const own = commonJsOf(exported) as { Client?: unknown } | undefined;
  const found = own?.Client ?? own;
  return typeof found === 'function' ? found : undefined;
};

/** Who waits for a connection is called back where it asked; what sets up a new one is the pool's own doing. */
const POOL: OwnPatches<ClientClass> = {
  find: clientIn,
  above: ({ prototype }) => {
    patchMethod(
      prototype,
      'connect',
      (original) =>
        function connect(this: unknown, callback) {
          return original.call(this, boundHere(callback));
        },
    );
    patchMethod(prototype, 'newClient', madeOutside);
  },
};
