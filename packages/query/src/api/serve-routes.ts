import express, { type Express, type RequestHandler } from 'express';
import { QueryError } from '../query-error.ts';
import { ANYONE, type Asker, mayAct } from './asker.ts';
import type { Context } from './context.ts';
import type { Method, Route } from './endpoint.ts';
import { refuseAs } from './problem.ts';

export interface Serving {
  readonly askerOf: (authorization: string | undefined) => Promise<Asker>;
  readonly contextOf: (asker: Asker) => Context;
}

/** Every route at its address; any other method there is refused with those that there are. */
export const serveRoutes = (app: Express, routes: readonly Route[], serving: Serving): void => {
  for (const route of routes)
    app[route.method](expressPath(route.path), readingBody(route), answering(route, serving));
  for (const [path, atPath] of Map.groupBy(routes, (route) => route.path)) {
    app.all(expressPath(path), refusingMethod(atPath.map(({ method }) => method)));
  }
};

const BODY_MAX_BYTES = 256 * 1024;

/** JSON, whatever the content type says: there is no other form. */
const readingBody = ({ body }: Route): RequestHandler[] =>
  body === undefined ? [] : [express.json({ limit: BODY_MAX_BYTES, type: () => true })];

/** `{id}` as Express writes it. */
const expressPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

const answering =
  (route: Route, { askerOf, contextOf }: Serving): RequestHandler =>
  async (request, response) => {
    if (route.refusal !== undefined) refuseAs(response, route.refusal);
    if (route.role === 'anyone') return route.respond(request, response, contextOf(ANYONE));
    const asker = await askerOf(request.get('authorization'));
    if (!mayAct(asker, route.role)) {
      throw new QueryError(
        'forbidden',
        `${asker.principal} is a ${asker.role}: ${request.method} ${route.path} is for the role ${route.role}.`,
      );
    }
    return route.respond(request, response, contextOf(asker));
  };

const refusingMethod = (methods: readonly Method[]): RequestHandler => {
  const allowed = methods.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
  return (request, response) => {
    response.set('Allow', allowed.join(', '));
    throw new QueryError(
      'method_not_allowed',
      `${request.method} does nothing at ${request.path}: there ${allowed.length === 1 ? 'is' : 'are'} ${allowed.join(', ')}.`,
    );
  };
};
