/** Writes down what all accounts hold. Started by the nightly job, whose run is the parent of this one's. */
import { run } from '@whence/sdk';
import pg from 'pg';
import { setting } from '../settings.ts';

const bank = new pg.Client({ connectionString: setting('DATABASE_URL') });

try {
  await run({ job: 'report' }, async () => {
    await bank.connect();
    const { rows } = await bank.query<{ total: string }>(
      'SELECT sum(balance + interest) AS total FROM accounts',
    );
    await bank.query('INSERT INTO reports (total) VALUES ($1)', [rows[0]?.total]);
  });
} finally {
  await bank.end();
}
