import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import type { TracedLibrary } from '../traced-library.ts';

/** A query outside of any span is recorded as well: an action that nobody is named for is still an action. */
export const pg: TracedLibrary = {
  packages: ['pg', 'pg-pool'],
  instrumentation: () =>
    new PgInstrumentation({ addSqlCommenterCommentToQueries: true, requireParentSpan: false }),
};
