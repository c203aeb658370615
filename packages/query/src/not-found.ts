import { runIdTime } from '@whence/model';
import { formatNanos, type Readers, type Tier } from '@whence/store';
import { type Kept, toldLimit } from './kept.ts';
import { QueryError } from './query-error.ts';

/** What was asked by. */
export const ARTEFACT_FIELDS = ['target', 'statement', 'object', 'commit'] as const;

export type ArtefactField = (typeof ARTEFACT_FIELDS)[number];

/** What to say where a thing was asked for that is not there: what was looked for, and what to check. */
export interface NotFound {
  span(span: string, trace: string | undefined): Promise<QueryError>;
  trace(trace: string): Promise<QueryError>;
  run(run: string): Promise<QueryError>;
  /** Nobody touched or said it. */
  artefact(field: ArtefactField): Promise<QueryError>;
  principal(principal: string): Promise<QueryError>;
}

/** How long the age of the oldest record is taken as known. */
const SINCE_KEPT_MILLIS = 60_000;

/** @param asOfNanos what came later is left out */
export const notFoundIn = (readers: Readers, tenant: string, kept: Kept, asOfNanos?: bigint): NotFound => {
  let known: { readonly since: string | undefined; readonly atMillis: number } | undefined;

  const held = async (): Promise<string> =>
    asOfNanos === undefined
      ? heldNow()
      : `${await heldNow()} What was received after ${formatNanos(asOfNanos)} is left out, as asked by asOf.`;

  const heldNow = async (): Promise<string> => {
    if (known === undefined || Date.now() - known.atMillis > SINCE_KEPT_MILLIS) {
      known = { since: await readers.actions.since(), atMillis: Date.now() };
    }
    return known.since === undefined
      ? `There are no records of tenant "${tenant}" at all.`
      : `Records of tenant "${tenant}" are held from ${known.since} on.`;
  };

  const gone = async (tier: Tier, what: string): Promise<string> => {
    const limit = await kept.limitOf(tier);
    return limit === undefined ? '' : ` ${toldLimit(what, limit)}`;
  };

  const heldSpans = async (): Promise<string> => `${await held()}${await gone('spans', 'Spans')}`;

  /** The id of a run says when it began. */
  const began = async (run: string): Promise<string> => {
    const limit = await kept.limitOf('runs');
    return limit !== undefined && runIdTime(run) < limit.fromMillis
      ? ` By its id it began at ${new Date(runIdTime(run)).toISOString()}.${await gone('runs', 'Records of runs')}`
      : '';
  };

  return {
    span: async (span, trace) =>
      new QueryError(
        'unknown_span',
        `No span ${span}${trace === undefined ? '' : ` of trace ${trace}`} is in the store. ${await heldSpans()} Check that the id is a span id${trace === undefined ? '' : ' of that trace'}, that the process exports to this collector, and that it has flushed: a span arrives after it ends.`,
        { field: 'span' },
      ),
    trace: async (trace) =>
      new QueryError(
        'unknown_trace',
        `No span of trace ${trace} is in the store. ${await heldSpans()} Check that the processes export to this collector, and that they have flushed: a span arrives after it ends.`,
        { field: 'trace' },
      ),
    run: async (run) =>
      new QueryError(
        'unknown_run',
        `Neither a record nor an action of run ${run} is in the store. ${await held()}${await began(run)} Check that the run was started with this issuer.`,
        { field: 'run' },
      ),
    artefact: async (field) =>
      new QueryError(
        'unknown_artefact',
        `${ARTEFACTS[field].none} ${await heldSpans()} ${ARTEFACTS[field].check}`,
        {
          field,
        },
      ),
    principal: async (principal) =>
      new QueryError(
        'unknown_principal',
        `Neither an action nor a run of principal ${principal} is in the store. ${await held()} Check that it is the whole id, percent-encoded, as /v1/principals gives it.`,
        { field: 'id' },
      ),
  };
};

const ARTEFACTS: Readonly<Record<ArtefactField, { readonly none: string; readonly check: string }>> = {
  target: {
    none: 'No action on exactly this target began in that time.',
    check:
      'Targets are written as in "target" of an action: GET /v1/actions finds them by how they begin, and below=true asks for all that begins so.',
  },
  statement: {
    none: 'No statement like this was sent in that time.',
    check: 'Statements are compared without literals, comments and layout; every name and keyword counts.',
  },
  object: {
    none: 'No call to the Kubernetes API whose address is that of the object began in that time.',
    check:
      'It is told from the address of a call (url.full): whoever calls the API must be instrumented, or a gateway must stand before it.',
  },
  commit: {
    none: 'No action names a commit that begins so.',
    check:
      'It is read from vcs.ref.head.revision of a span or its resource: in CI "whence run" and the SDK set it, elsewhere OTEL_RESOURCE_ATTRIBUTES can.',
  },
};
