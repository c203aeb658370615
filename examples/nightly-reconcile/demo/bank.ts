import { join } from 'node:path';
import type { Credentials } from './credentials.ts';
import { bareEnvironment, environmentsFor } from './environments.ts';
import type { Narrator } from './narrator.ts';
import type { Processes } from './processes.ts';

export interface Bank {
  /** Runs the nightly job to its end. */
  reconcile(): Promise<{ readonly runId: string }>;
}

const STOCK = ['./services/telemetry.ts'];
const SDK = ['@whence/sdk/register'];
const RUN_ID = /^nightly-reconcile runs as (\S+)$/;

/** PostgreSQL and the services, ready for the nightly job. */
export const openBank = async (
  processes: Processes,
  { say }: Narrator,
  directory: string,
  collectorUrl: string,
  credentials: Credentials,
): Promise<Bank> => {
  const databaseUrl = await processes.start({
    name: 'postgres',
    file: 'postgres.ts',
    arguments: [join(directory, 'postgres')],
    environment: bareEnvironment(),
  });
  say(`PostgreSQL  ${databaseUrl}`);

  const { stock, sdk } = environmentsFor(collectorUrl, databaseUrl, credentials);
  const [billing, fx, notifier] = await Promise.all([
    processes.start({
      name: 'billing',
      file: 'services/billing.ts',
      preload: STOCK,
      environment: stock('billing'),
    }),
    processes.start({ name: 'fx', file: 'services/fx.ts', preload: STOCK, environment: stock('fx') }),
    processes.start({
      name: 'notifier',
      file: 'services/notifier.ts',
      preload: SDK,
      environment: sdk('notifier'),
    }),
  ]);
  say(`billing     ${billing}  (stock OpenTelemetry)`);
  say(`fx          ${fx}  (stock OpenTelemetry)`);
  say(`notifier    ${notifier}`);

  return {
    reconcile: async () => {
      const printed = await processes.finish({
        name: 'scheduler',
        file: 'jobs/scheduler.ts',
        preload: SDK,
        environment: {
          ...sdk('scheduler'),
          BILLING_URL: billing,
          FX_ADDRESS: new URL(fx).host,
          REPORT_KEY: credentials.keys.report,
        },
      });
      const runId = printed.map((line) => RUN_ID.exec(line)?.[1]).find((id) => id !== undefined);
      if (runId === undefined)
        throw new Error(`scheduler did not say which run it was\n${printed.join('\n')}`);
      return { runId };
    },
  };
};
