import { ACTION_STATUSES, ASSURANCES } from '@whence/model';
import type { ActionFilter, Readers } from '@whence/store';
import type { RequestHandler } from 'express';
import { z } from 'zod';
import { formatCursor } from '../cursor.ts';
import { badParameter, count, cursor, moment, read, runId, text } from '../parameters.ts';

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1000;
const NDJSON = 'application/x-ndjson';

const PARAMETERS = z.object({
  from: moment.optional(),
  to: moment.optional(),
  principal: text.optional(),
  run: runId.optional(),
  root: runId.optional(),
  service: text.optional(),
  system: text.optional(),
  operation: text.optional(),
  target: text.optional(),
  text: text.optional(),
  assurance: z.enum(ASSURANCES, `one of ${ASSURANCES.join(', ')}`).optional(),
  status: z.enum(ACTION_STATUSES, `one of ${ACTION_STATUSES.join(', ')}`).optional(),
  limit: count(1, LIMIT_MAX).optional(),
  cursor: cursor.optional(),
});

/** `GET /v1/actions`: newest first. As NDJSON the address of the next page is in the `Link` header (RFC 8288). */
export const actionsRoute =
  (readers: Readers): RequestHandler =>
  async (request, response) => {
    const asked = read(PARAMETERS, request.query);
    if (asked.from !== undefined && asked.to !== undefined && asked.from >= asked.to) {
      throw badParameter('to', 'not after "from"');
    }
    const page = await readers.actions.search({
      filter: filterOf(asked),
      limit: asked.limit ?? LIMIT_DEFAULT,
      ...(asked.cursor === undefined ? {} : { after: asked.cursor }),
    });
    const actions = page.records.map(({ action }) => action);
    const next = page.next === undefined ? undefined : formatCursor(page.next);
    if (next !== undefined) response.links({ next: addressOf(request.originalUrl, next) });
    if (request.accepts(['application/json', NDJSON]) === NDJSON) {
      response
        .set('Content-Type', NDJSON)
        .send(actions.map((action) => `${JSON.stringify(action)}\n`).join(''));
    } else {
      response.json({ actions, ...(next === undefined ? {} : { next }) });
    }
  };

const filterOf = (asked: z.output<typeof PARAMETERS>): ActionFilter =>
  defined({
    fromNanos: asked.from,
    toNanos: asked.to,
    principal: asked.principal,
    runId: asked.run,
    rootRunId: asked.root,
    service: asked.service,
    system: asked.system,
    operation: asked.operation,
    target: asked.target,
    text: asked.text,
    assurance: asked.assurance,
    status: asked.status,
  });

const defined = <Fields extends object>(
  fields: Fields,
): { readonly [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    readonly [Key in keyof Fields]?: Exclude<Fields[Key], undefined>;
  };

const addressOf = (url: string, next: string): string => {
  const [path = '', parameters] = url.split('?', 2);
  const search = new URLSearchParams(parameters);
  search.set('cursor', next);
  return `${path}?${search}`;
};
