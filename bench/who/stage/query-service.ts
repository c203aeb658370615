import { fileURLToPath } from 'node:url';
import { type Child, startNode } from '../../stage/child-process.ts';

/** The real query service in a process of its own. */
export interface QueryService {
  readonly child: Child;
  readonly url: string;
  /** Whether it answers this path, as it stands in `/openapi.json`. */
  has(route: string): boolean;
}

/** Nothing goes on in the background: what the engine reads meanwhile is read for answers. */
export const startQueryService = async (storeUrl: string, directory: string): Promise<QueryService> => {
  const { child, ready: url } = await startNode(
    fileURLToPath(import.meta.resolve('@whence/query/main')),
    [],
    {
      WHENCE_CLICKHOUSE_URL: storeUrl,
      WHENCE_QUERY_PORT: '0',
      WHENCE_QUERY_DATA_DIR: directory,
      WHENCE_ATTRIBUTION_INTERVAL_MILLIS: '0',
      LOG_LEVEL: 'error',
    },
  );
  const described = (await (await fetch(`${url}/openapi.json`)).json()) as { readonly paths: object };
  const routes = new Set(Object.keys(described.paths));
  return { child, url, has: (route) => routes.has(route) };
};
