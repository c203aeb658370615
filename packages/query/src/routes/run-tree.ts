import type { Readers } from '@whence/store';
import type { RequestHandler } from 'express';
import { z } from 'zod';
import { treeOfRun } from '../lineage/tree-of-run.ts';
import type { NotFound } from '../not-found.ts';
import { count, read } from '../parameters.ts';
import { RUN_ADDRESS } from './run.ts';

/** Deeper than this, JSON readers give up. */
const DEPTH_MAX = 256;
const LIMIT_DEFAULT = 10_000;
const LIMIT_MAX = 100_000;

const PARAMETERS = z.object({
  depth: count(1, DEPTH_MAX).optional(),
  limit: count(1, LIMIT_MAX).optional(),
});

/** `GET /v1/runs/{id}/tree?depth&limit` */
export const runTreeRoute =
  (readers: Readers, notFound: NotFound): RequestHandler =>
  async (request, response) => {
    const { id } = read(RUN_ADDRESS, request.params);
    const { depth = DEPTH_MAX, limit = LIMIT_DEFAULT } = read(PARAMETERS, request.query);
    const recorded = await readers.runs.byId(id);
    if (recorded === undefined) throw await notFound.run(id);
    response.json(await treeOfRun(readers, recorded, { depth, limit }));
  };
