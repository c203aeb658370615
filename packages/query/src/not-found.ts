import type { Readers } from '@whence/store';
import { QueryError } from './query-error.ts';

/** What to say where a thing was asked for that is not there: what was looked for, and what to check. */
export interface NotFound {
  span(span: string, trace: string | undefined): Promise<QueryError>;
  trace(trace: string): Promise<QueryError>;
  run(run: string): Promise<QueryError>;
  principal(principal: string): Promise<QueryError>;
}

/** How long the age of the oldest record is taken as known. */
const SINCE_KEPT_MILLIS = 60_000;

export const notFoundIn = (readers: Readers, tenant: string): NotFound => {
  let known: { readonly since: string | undefined; readonly atMillis: number } | undefined;

  const held = async (): Promise<string> => {
    if (known === undefined || Date.now() - known.atMillis > SINCE_KEPT_MILLIS) {
      known = { since: await readers.actions.since(), atMillis: Date.now() };
    }
    return known.since === undefined
      ? `There are no records of tenant "${tenant}" at all.`
      : `Records of tenant "${tenant}" are held from ${known.since} on.`;
  };

  return {
    span: async (span, trace) =>
      new QueryError(
        'unknown_span',
        `No span ${span}${trace === undefined ? '' : ` of trace ${trace}`} is in the store. ${await held()} Check that the id is a span id${trace === undefined ? '' : ' of that trace'}, that the process exports to this collector, and that it has flushed: a span arrives after it ends.`,
        { field: 'span' },
      ),
    trace: async (trace) =>
      new QueryError(
        'unknown_trace',
        `No span of trace ${trace} is in the store. ${await held()} Check that the processes export to this collector, and that they have flushed: a span arrives after it ends.`,
        { field: 'trace' },
      ),
    run: async (run) =>
      new QueryError(
        'unknown_run',
        `Neither a record nor an action of run ${run} is in the store. ${await held()} Check that the run was started with this issuer.`,
        { field: 'run' },
      ),
    principal: async (principal) =>
      new QueryError(
        'unknown_principal',
        `Neither an action nor a run of principal ${principal} is in the store. ${await held()} Check that it is the whole id, percent-encoded, as /v1/principals gives it.`,
        { field: 'id' },
      ),
  };
};
