import { type ServiceProcess, startService } from './service-process.ts';
import { temporaryDirectory } from './take-down.ts';

/** @param environment more than what it needs; without WHENCE_CONFIG it is open */
export const startQuery = (
  storeUrl: string,
  database: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<ServiceProcess> =>
  startService({
    module: '@whence/query/main',
    environment: {
      WHENCE_CLICKHOUSE_URL: storeUrl,
      WHENCE_CLICKHOUSE_DATABASE: database,
      WHENCE_QUERY_PORT: '0',
      WHENCE_QUERY_DATA_DIR: temporaryDirectory(),
      LOG_LEVEL: 'error',
      ...environment,
    },
  });
