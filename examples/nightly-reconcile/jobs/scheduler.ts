/** The nightly job: one run, and five actions that each bring something about elsewhere. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { credentials } from '@grpc/grpc-js';
import { SpanKind } from '@opentelemetry/api';
import { action, carrier, run } from '@whence/sdk';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { type ConvertReply, Rates } from '../services/fx-rates.ts';
import { NOTIFY, type NotifyJob } from '../services/notify-queue.ts';
import { setting } from '../settings.ts';

const EXAMPLE = fileURLToPath(new URL('..', import.meta.url));
const ACCOUNT = 1;

const addInterest = (bank: pg.Client): Promise<unknown> =>
  bank.query('UPDATE accounts SET interest = interest + round(balance * 0.0001, 2) WHERE balance > 0');

const chargeInvoices = async (): Promise<void> => {
  const response = await fetch(`${setting('BILLING_URL')}/charges`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ accountId: ACCOUNT }),
  });
  if (!response.ok) throw new Error(`billing answered ${response.status}: ${await response.text()}`);
};

/** A queue has no headers: the job takes its cause along in its own data. */
const notifyOwner = (queue: PgBoss): Promise<unknown> =>
  action(
    'send notify',
    { system: 'pg-boss', operation: 'send', target: 'pg-boss://bank/notify', kind: SpanKind.PRODUCER },
    () => {
      const job: NotifyJob = {
        accountId: ACCOUNT,
        message: 'Your invoices have been paid',
        whence: carrier(),
      };
      return queue.send(NOTIFY, job);
    },
  );

/** A program of its own, with a key of its own; what caused it goes into its environment by itself. */
const writeReport = async (): Promise<void> => {
  const report = spawn('node', ['--import', '@whence/sdk/register', 'jobs/report.ts'], {
    cwd: EXAMPLE,
    env: { ...process.env, OTEL_SERVICE_NAME: 'report', WHENCE_KEY: setting('REPORT_KEY') },
    stdio: 'inherit',
  });
  const [code] = (await once(report, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`report ended with ${code}`);
};

const convertTotals = async (): Promise<ConvertReply> => {
  const rates = new Rates(setting('FX_ADDRESS'), credentials.createInsecure());
  try {
    return await new Promise((resolve, reject) => {
      rates['Convert']?.(
        { from: 'SEK', to: 'EUR', amount: 98_400.5 },
        (error: Error | null, reply: ConvertReply) => (error === null ? resolve(reply) : reject(error)),
      );
    });
  } finally {
    rates.close();
  }
};

// Connected outside of the run: what these do on their own account is not the job's doing.
const bank = new pg.Client({ connectionString: setting('DATABASE_URL') });
await bank.connect();
const queue = new PgBoss({
  connectionString: setting('DATABASE_URL'),
  max: 1,
  migrate: false,
  schedule: false,
  supervise: false,
});
queue.on('error', (error) => console.error(error));
await queue.start();

try {
  await run(
    { job: 'nightly-reconcile', principal: 'k8s://demo/jobs/nightly', trigger: 'schedule' },
    async ({ runId }) => {
      console.log(`nightly-reconcile runs as ${runId}`);
      await addInterest(bank);
      await chargeInvoices();
      await notifyOwner(queue);
      await writeReport();
      await convertTotals();
    },
  );
} finally {
  await queue.stop({ graceful: false });
  await bank.end();
}
