import { z } from 'zod';
import { endpoint, type Route } from '../api/endpoint.ts';
import { openApiOf } from '../api/open-api.ts';
import { VERSION } from '../version.ts';

/** `GET /openapi.json`: the other routes, described. */
export const openApiRoute = (routes: readonly Route[]): Route => {
  const document = openApiOf(routes, VERSION);
  return endpoint({
    path: '/openapi.json',
    tag: 'service',
    role: 'anyone',
    summary: 'This API as OpenAPI 3.1',
    examples: [{ summary: 'Ask', request: '/openapi.json' }],
    answer: z.record(z.string(), z.unknown()),
    respond: async () => document,
  });
};
