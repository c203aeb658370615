import { delimiter, dirname } from 'node:path';
import type { Credentials, Workload } from './credentials.ts';

/** What would reach into the demo's processes from the terminal that it is started in. */
const NOT_INHERITED = /^(OTEL_|WHENCE_|TRACEPARENT$|TRACESTATE$|NODE_OPTIONS$)/;

export const bareEnvironment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name))),
  // `node` is this one.
  PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
});

export interface Environments {
  /** Of a service that runs OpenTelemetry as it comes: the standard variables only. */
  stock(workload: Workload): NodeJS.ProcessEnv;
  /** Of a program that imports the SDK. */
  sdk(workload: Workload): NodeJS.ProcessEnv;
}

export const environmentsFor = (
  collectorUrl: string,
  databaseUrl: string,
  { keys }: Credentials,
): Environments => {
  const common = (workload: Workload): NodeJS.ProcessEnv => ({
    ...bareEnvironment(),
    DATABASE_URL: databaseUrl,
    OTEL_SERVICE_NAME: workload,
    OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl,
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    // Nobody wants to wait five seconds for the tree.
    OTEL_BSP_SCHEDULE_DELAY: '200',
  });
  return {
    stock: (workload) => ({
      ...common(workload),
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${keys[workload]}`,
    }),
    sdk: (workload) => ({
      ...common(workload),
      WHENCE_ISSUER_URL: collectorUrl,
      WHENCE_KEY: keys[workload],
    }),
  };
};
