import { startCollector } from './collector-process.ts';
import { type Workload, writeCredentials } from './credentials-file.ts';
import { eventually } from './eventually.ts';
import { ask } from './issuer-client.ts';
import { drained } from './ledger.ts';
import { startQuery } from './query-process.ts';
import { startStore } from './store-process.ts';

/** Everything between a process and the answer to "who caused this?": a collector that issues, a store, a query. */
export interface Lineage {
  /** Variables of a process that has the SDK, and holds the key of this workload. */
  environment(workload: string): Record<string, string>;
  /** What the query service answers, once `enough` of it has arrived: processes export each for themselves. */
  // biome-ignore lint/suspicious/noExplicitAny: what it is, the test says
  answered(path: string, enough?: (answer: any) => unknown): Promise<any>;
}

export const startLineage = async (workloads: readonly Workload[]): Promise<Lineage> => {
  const store = await startStore();
  const database = store.newDatabase();
  const credentials = writeCredentials('example.com', workloads);
  const collector = await startCollector({
    storeUrl: store.url,
    database,
    credentialsPath: credentials.path,
  });
  const query = await startQuery(store.url, database);
  return {
    environment: (workload) => ({
      WHENCE_ISSUER_URL: collector.url,
      WHENCE_KEY: credentials.keys[workload]!,
      WHENCE_LOG: 'warn',
      WHENCE_SPOOL_DIR: 'off',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${credentials.keys[workload]}`,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      OTEL_SERVICE_NAME: workload,
    }),
    answered: (path, enough = () => true) => {
      let last: unknown;
      return eventually(
        async () => {
          // What has arrived is sent on first: an answer costs far more than to ask for that.
          await drained(collector.url);
          const { status, json } = await ask(`${query.url}${path}`);
          last = json;
          return status === 200 && enough(json) && json;
        },
        { otherwise: () => JSON.stringify(last) },
      );
    },
  };
};
