import type { Readers } from '@whence/store';
import type { RequestHandler } from 'express';
import { z } from 'zod';
import type { NotFound } from '../not-found.ts';
import { read, runId } from '../parameters.ts';

export const RUN_ADDRESS = z.object({ id: runId });

/** `GET /v1/runs/{id}` */
export const runRoute =
  (readers: Readers, notFound: NotFound): RequestHandler =>
  async (request, response) => {
    const { id } = read(RUN_ADDRESS, request.params);
    read(z.object({}), request.query);
    const recorded = await readers.runs.byId(id);
    if (recorded === undefined) throw await notFound.run(id);
    const { refuted: _, ...totals } = await readers.actions.totalsBelow(recorded.run);
    response.json({ run: recorded.run, totals });
  };
