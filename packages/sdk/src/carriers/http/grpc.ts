import { GrpcInstrumentation } from '@opentelemetry/instrumentation-grpc';
import type { TracedLibrary } from '../traced-library.ts';

export const grpc: TracedLibrary = {
  packages: ['@grpc/grpc-js'],
  instrumentation: () => new GrpcInstrumentation(),
};
