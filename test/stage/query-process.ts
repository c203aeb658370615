import { type ServiceProcess, startService } from './service-process.ts';

export const startQuery = (storeUrl: string, database: string): Promise<ServiceProcess> =>
  startService({
    module: '@whence/query/main',
    environment: {
      WHENCE_CLICKHOUSE_URL: storeUrl,
      WHENCE_CLICKHOUSE_DATABASE: database,
      WHENCE_QUERY_PORT: '0',
      LOG_LEVEL: 'error',
    },
  });
