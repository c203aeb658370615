/** Takes jobs off the `notify` queue. A job carries what caused it, so the work is done in that run. */
import { eachCaused, shutdown } from '@whence/sdk';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { setting } from '../settings.ts';
import { NOTIFY, type NotifyJob } from './notify-queue.ts';

const bank = new pg.Pool({ connectionString: setting('DATABASE_URL'), max: 2 });
const boss = new PgBoss({ connectionString: setting('DATABASE_URL'), max: 2, schedule: false });

const notifyOwner = ({ accountId, message }: NotifyJob): Promise<unknown> =>
  bank.query('INSERT INTO notifications (account_id, message) VALUES ($1, $2)', [accountId, message]);

boss.on('error', (error) => console.error(error));
await boss.start();
await boss.createQueue(NOTIFY);
await boss.work<NotifyJob>(NOTIFY, { pollingIntervalSeconds: 0.5 }, async (jobs) => {
  await eachCaused(jobs, ({ data }) => notifyOwner(data));
});
console.log(`notifier ready at pg-boss://bank/${NOTIFY}`);

process.once('SIGTERM', async () => {
  await boss.stop({ graceful: true, timeout: 2000 });
  await shutdown();
  process.exit(0);
});
