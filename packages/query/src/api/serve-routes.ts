import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import type { Access } from '../access/access.ts';
import { forbidden } from '../access/access-refusals.ts';
import type { QueryWatch } from '../audit/query-watch.ts';
import { QueryError } from '../query-error.ts';
import { ANYONE, type Asker, mayAct } from './asker.ts';
import type { Context } from './context.ts';
import type { Method, Route } from './endpoint.ts';

export interface Serving {
  readonly access: Access;
  readonly watch: QueryWatch;
  readonly contextOf: (asker: Asker) => Context;
}

/** Every route at its address; any other method there is refused with those that there are. */
export const serveRoutes = (app: Express, routes: readonly Route[], serving: Serving): void => {
  for (const route of routes) {
    app[route.method](
      expressPath(route.path),
      admitting(route, serving),
      readingBody(route),
      answering(route, serving),
    );
  }
  for (const [path, atPath] of Map.groupBy(routes, (route) => route.path)) {
    app.all(expressPath(path), refusingMethod(atPath.map(({ method }) => method)));
  }
};

/** `{id}` as Express writes it. */
const expressPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

/** First of all: who asks, before anything that they sent is read. From here on the request is watched. */
const admitting =
  (route: Route, { access, watch }: Serving): RequestHandler =>
  async (request, response, next) => {
    if (route.role === 'anyone') {
      setAsker(response, ANYONE);
      return next();
    }
    const watched = watch.begin(route, request, response);
    const asker = await access.askerOf(request);
    watched.askedBy(asker);
    if (!mayAct(asker, route.role)) throw roleMissing(asker, request, route);
    setAsker(response, asker);
    next();
  };

const roleMissing = (asker: Asker, request: Request, { path, role }: Route): QueryError =>
  forbidden(
    `${asker.principal} is a ${asker.role}: ${request.method} ${path} is for the role ${role}.`,
    role as Asker['role'],
  );

const setAsker = (response: Response, asker: Asker): void => {
  response.locals['asker'] = asker;
};

const BODY_MAX_BYTES = 256 * 1024;

/** JSON, whatever the content type says: there is no other form. */
const readingBody = ({ body }: Route): RequestHandler[] =>
  body === undefined ? [] : [express.json({ limit: BODY_MAX_BYTES, type: () => true })];

const answering =
  (route: Route, { contextOf }: Serving): RequestHandler =>
  (request, response) =>
    route.respond(request, response, contextOf(response.locals['asker'] as Asker));

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
