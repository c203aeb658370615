import { z } from 'zod';
import { TREE } from '../answers/tree.ts';
import { formatCursor, readCursor } from '../api/cursor.ts';
import { endpoint } from '../api/endpoint.ts';
import { badParameter, count, spanId, traceId } from '../api/parameters.ts';
import { whatWentOfRun } from '../lineage/no-longer-kept.ts';
import type { BranchPosition } from '../lineage/tree/shown-part.ts';
import type { MoreAt } from '../lineage/tree/tree-nodes.ts';
import { treeOfRun } from '../lineage/tree/tree-of-run.ts';
import { QueryError } from '../query-error.ts';
import { RUN_ADDRESS } from './run.ts';

/** Deeper than this, JSON readers give up. */
const DEPTH_MAX = 256;
const LIMIT_DEFAULT = 1000;
const LIMIT_MAX = 10_000;

interface Branch {
  readonly children: readonly Branch[];
}

/** The depth is bounded by the route. */
const actionsIn = (branches: readonly Branch[]): number =>
  branches.reduce((sum, { children }) => sum + 1 + actionsIn(children), 0);

export const runTreeRoute = endpoint({
  path: '/v1/runs/{id}/tree',
  tag: 'lineage',
  summary: 'Everything that a run and the runs below it did, hung where it was caused',
  description:
    'Where not everything fits, the upper levels are shown, at most 100 actions of a branch; `omitted` says how many actions of a branch are not, and `more` is the address at which it goes on.',
  examples: [
    { summary: 'Whole', request: '/v1/runs/01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10/tree' },
    { summary: 'Two levels', request: '/v1/runs/01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10/tree?depth=2' },
    {
      summary: 'A branch',
      request:
        '/v1/runs/01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10/tree?trace=f0000000000000000000000000000000&span=e000000000000002',
    },
  ],
  pathParameters: RUN_ADDRESS,
  parameters: z.object({
    depth: count(1, DEPTH_MAX).optional().describe(`Levels; ${DEPTH_MAX} where not said.`),
    limit: count(1, LIMIT_MAX).optional().describe(`Actions; ${LIMIT_DEFAULT} where not said.`),
    trace: traceId.optional().describe('Beside `span`.'),
    span: spanId.optional().describe('Only what hangs below this action.'),
    cursor: z.string().optional().describe('As it is in `more`.'),
  }),
  answer: TREE,
  rowsIn: ({ roots }) => actionsIn(roots as readonly Branch[]),
  respond: async ({ path: { id }, parameters }, { readers, notFound, kept, asker }) => {
    const { depth = DEPTH_MAX, limit = LIMIT_DEFAULT, trace, span, cursor } = parameters;
    if ((trace === undefined) !== (span === undefined)) {
      throw badParameter(trace === undefined ? 'trace' : 'span', 'trace and span go together');
    }
    const recorded = await readers.runs.byId(id);
    if (recorded === undefined) throw await notFound.run(id);

    const branch = trace === undefined || span === undefined ? undefined : { traceId: trace, spanId: span };
    const listOf = (of: typeof branch): string => JSON.stringify([asker.tenant, id, of?.traceId, of?.spanId]);
    const moreAt: MoreAt = (of, after) => {
      const asked = new URLSearchParams();
      if (parameters.depth !== undefined) asked.set('depth', String(depth));
      if (parameters.limit !== undefined) asked.set('limit', String(limit));
      if (of !== undefined) {
        asked.set('trace', of.traceId);
        asked.set('span', of.spanId);
      }
      if (after !== undefined) {
        asked.set('cursor', formatCursor(listOf(of), [after.startTime, after.traceId, after.spanId]));
      }
      return `/v1/runs/${id}/tree?${asked}`;
    };
    const after = cursor === undefined ? undefined : positionIn(listOf(branch), cursor);
    const told = await treeOfRun(
      readers,
      recorded,
      {
        limit,
        depth,
        ...(branch === undefined ? {} : { branch }),
        ...(after === undefined ? {} : { after }),
      },
      moreAt,
    );
    if (told.status === 'told') {
      return { ...told.tree, missing: [...told.tree.missing, ...(await whatWentOfRun(kept, recorded.run))] };
    }
    throw new QueryError(
      'unknown_span',
      `Span ${span} of trace ${trace} is not among the actions of run ${id}.`,
      { field: 'span' },
    );
  },
});

const positionIn = (list: string, text: string): BranchPosition => {
  const read = readCursor(list, text);
  const [startTime, traceId, spanId] = read.status === 'read' ? read.position : [];
  if (startTime === undefined || traceId === undefined || spanId === undefined) {
    throw badParameter('cursor', 'a cursor is taken with its trace and span, as they are in "more"');
  }
  return { startTime, traceId, spanId };
};
