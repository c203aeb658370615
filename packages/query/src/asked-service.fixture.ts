import { pino } from 'pino';
import { type QueryOptions, type QueryService, startQuery } from './query-service.ts';
import { openTemporaryStore, type TemporaryStore } from './temporary-store.fixture.ts';

/** The service on a store of its own, both gone after `remove`. For tests. */
export interface AskedService {
  readonly temporary: TemporaryStore;
  readonly service: QueryService;
  /** What the service was started with, for one more. */
  readonly options: QueryOptions;
  get<Body>(path: string, headers?: Readonly<Record<string, string>>): Promise<Got<Body>>;
  remove(): Promise<void>;
}

export interface Got<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

/** @param more where it is not to be open, or to record what is asked */
export const startAskedService = async (
  more: (temporary: TemporaryStore) => Partial<QueryOptions> | Promise<Partial<QueryOptions>> = () => ({}),
): Promise<AskedService> => {
  const temporary = await openTemporaryStore();
  const options = {
    store: temporary.store,
    tenant: 'default',
    host: '127.0.0.1',
    port: 0,
    logger: pino({ level: 'silent' }),
    ...(await more(temporary)),
  };
  const service = await startQuery(options);
  return {
    temporary,
    service,
    options,
    get: (path, headers = {}) => get(service.url + path, headers),
    remove: async () => {
      await service.close();
      await temporary.remove();
    },
  };
};

const get = async <Body>(url: string, headers: Readonly<Record<string, string>>): Promise<Got<Body>> => {
  const response = await fetch(url, { headers });
  const text = await response.text();
  const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? JSON.parse(text) : undefined,
  };
};
