import type { RequestHandler } from 'express';

/** Every address answers below this path as well as at the root, whether a proxy in front takes it off or not. */
export const belowBasePath =
  (basePath: string): RequestHandler =>
  (request, _response, next) => {
    const rest = request.url.startsWith(basePath) ? request.url.slice(basePath.length) : undefined;
    if (rest !== undefined && /^[/?]|^$/.test(rest)) request.url = rest.startsWith('/') ? rest : `/${rest}`;
    next();
  };
