import { z } from 'zod';
import type { Route } from '../api/endpoint.ts';

const NONE = z.object({});
const TYPE = 'text/plain; version=0.0.4';

/** @param render Prometheus' text exposition of this moment */
export const metricsRoute = (render: () => string): Route => ({
  method: 'get',
  path: '/metrics',
  role: 'anyone',
  tag: 'service',
  summary: 'Counts for Prometheus',
  pathParameters: NONE,
  parameters: NONE,
  status: 200,
  answers: { [TYPE]: z.string() },
  examples: [],
  respond: async (_request, response) => {
    response.set('Content-Type', TYPE).send(render());
  },
});
