import { ACTION_STATUSES, ASSURANCES } from '@whence/model';
import type { ActionFilter, ActionPosition } from '@whence/store';
import { z } from 'zod';
import { ACTION } from '../answers/record.ts';
import { defined } from '../api/defined.ts';
import type { PositionCodec } from '../api/page-endpoint.ts';
import { pageEndpoint } from '../api/page-endpoint.ts';
import { badParameter, moment, runId, text } from '../api/parameters.ts';

const PARAMETERS = z.object({
  from: moment.optional().describe('Started then or later.'),
  to: moment.optional().describe('Started before then.'),
  principal: text.optional().describe('Id of the principal, as it is.'),
  run: runId.optional(),
  root: runId.optional().describe('Everything below that root run.'),
  service: text.optional(),
  system: text.optional(),
  operation: text.optional(),
  target: text
    .optional()
    .describe('How the target begins. `{id}` in the path of a URL stands for any id there.'),
  text: text.optional().describe('Part of the name, statement, target or status message, in any case.'),
  assurance: z.enum(ASSURANCES, `one of ${ASSURANCES.join(', ')}`).optional(),
  status: z.enum(ACTION_STATUSES, `one of ${ACTION_STATUSES.join(', ')}`).optional(),
});

export const ACTION_POSITION: PositionCodec<ActionPosition> = {
  write: ({ startNanos, traceId, spanId }) => [startNanos.toString(), traceId, spanId],
  read: ([nanos = '', traceId = '', spanId = '']) =>
    /^-?\d{1,19}$/.test(nanos) && /^[0-9a-f]{32}$/.test(traceId) && /^[0-9a-f]{16}$/.test(spanId)
      ? { startNanos: BigInt(nanos), traceId, spanId }
      : undefined,
};

/** Columns of an action as CSV. */
export const ACTION_CSV = [
  ...['startTime', 'durationNanos', 'traceId', 'spanId', 'parentSpanId', 'service', 'name', 'kind'],
  ...['system', 'operation', 'target', 'statement', 'status', 'statusMessage'],
  ...[
    'principal.id',
    'principal.kind',
    'assurance',
    'runId',
    'rootRunId',
    'authority.id',
    'witness',
    'actor',
  ],
];

export const actionsRoute = pageEndpoint({
  path: '/v1/actions',
  tag: 'lineage',
  summary: 'Actions, newest first',
  description:
    'What arrives while pages are turned is not on them, and shifts nothing. A page may hold less than `limit`, and still have a `next`. What is `inherited` is found as far as it has been worked out: some seconds after it arrived.',
  examples: [
    { summary: 'What failed', request: '/v1/actions?status=error&limit=10' },
    {
      summary: 'Every UPDATE of a database',
      request: '/v1/actions?operation=UPDATE&target=postgresql://db:5432/bank',
    },
    {
      summary: 'What came without a reference and was attributed by what is above it',
      request: '/v1/actions?assurance=inherited',
    },
  ],
  parameters: PARAMETERS,
  name: 'actions',
  item: ACTION,
  columns: ACTION_CSV,
  position: ACTION_POSITION,
  respond: async ({ parameters, limit, after }, { readers }) => {
    const { from, to } = parameters;
    if (from !== undefined && to !== undefined && from >= to) throw badParameter('to', 'not after "from"');
    const page = await readers.actions.search({
      filter: filterOf(parameters),
      limit,
      ...(after === undefined ? {} : { after }),
    });
    return {
      items: page.records.map(({ action }) => action),
      ...(page.next === undefined ? {} : { next: page.next }),
    };
  },
});

const filterOf = ({ from, to, run, root, ...rest }: z.output<typeof PARAMETERS>): ActionFilter =>
  defined({ ...rest, fromNanos: from, toNanos: to, runId: run, rootRunId: root });
