import type { Instrumentation } from '@opentelemetry/instrumentation';
import { GrpcInstrumentation } from '@opentelemetry/instrumentation-grpc';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';

/** A call outside of any span is recorded as well: an action that nobody is named for is still an action. */
export const instrumentations = (): Instrumentation[] => [
  new HttpInstrumentation(),
  new UndiciInstrumentation(),
  new GrpcInstrumentation(),
  new PgInstrumentation({ addSqlCommenterCommentToQueries: true, requireParentSpan: false }),
];

/** The packages among them that an ES module imports, and that are patched while they are imported. */
export const HOOKED_PACKAGES = ['pg', 'pg-pool', '@grpc/grpc-js'];
