import type { GrpcInstrumentation } from '@opentelemetry/instrumentation-grpc';

type ClientMethod = (...args: unknown[]) => unknown;
type Patch = (original: ClientMethod) => ClientMethod;

interface ClientPatches {
  _getPatchedClientMethods(...args: unknown[]): Patch;
  _patchClientRequestMethod(...args: unknown[]): Patch;
}

/**
 * Gives each call a metadata object of its own. The instrumentation injects into the one that the host passed in,
 * which the host may pass to the next server as well: with it would go what only the first one may have.
 */
export const metadataOfEachCall = (instrumentation: GrpcInstrumentation): GrpcInstrumentation => {
  const patches = instrumentation as unknown as ClientPatches;
  for (const name of ['_getPatchedClientMethods', '_patchClientRequestMethod'] as const) {
    const patchOf = patches[name];
    patches[name] = (...args) => {
      const patch = patchOf.apply(instrumentation, args);
      return (original) => withOwnMetadata(patch(original));
    };
  }
  return instrumentation;
};

const withOwnMetadata = (patched: ClientMethod): ClientMethod => {
  function call(this: unknown, ...args: unknown[]): unknown {
    return patched.apply(this, args.map(ownIfMetadata));
  }
  return Object.assign(call, patched);
};

const ownIfMetadata = (argument: unknown): unknown => {
  const { internalRepr, getMap, clone } = (argument ?? {}) as Record<string, unknown>;
  return internalRepr !== undefined && typeof getMap === 'function' && typeof clone === 'function'
    ? clone.call(argument)
    : argument;
};
