import type { RequestHandler } from 'express';
import type { Route } from './endpoint.ts';
import { badParameter } from './parameters.ts';
import { refuseAs } from './problem.ts';

/** A percent escape in a path that is none is said of the parameter whose place it stands in. */
export const wellFormedPath =
  (routes: readonly Route[]): RequestHandler =>
  (request, response, next) => {
    const given = request.path.split('/');
    const at = given.findIndex((segment) => !isEscaped(segment));
    const route = at === -1 ? undefined : routes.find(({ path }) => leadsTo(path.split('/'), given));
    if (route === undefined) return next();
    if (route.refusal !== undefined) refuseAs(response, route.refusal);
    const name = route.path.split('/')[at]!.slice(1, -1);
    throw badParameter(name, 'an escape is % and two hex digits, and all of them together are UTF-8');
  };

const isEscaped = (segment: string): boolean => {
  try {
    decodeURIComponent(segment);
    return true;
  } catch {
    return false;
  }
};

const leadsTo = (path: readonly string[], given: readonly string[]): boolean =>
  path.length === given.length && path.every((each, at) => each.startsWith('{') || each === given[at]);
