import { GrpcInstrumentation } from '@opentelemetry/instrumentation-grpc';
import type { TracedLibrary } from '../traced-library.ts';
import { metadataOfEachCall } from './grpc-metadata.ts';

export const grpc: TracedLibrary = {
  packages: ['@grpc/grpc-js'],
  instrumentation: () => metadataOfEachCall(new GrpcInstrumentation()),
};
