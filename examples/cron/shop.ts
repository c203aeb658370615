/** A shop with two jobs of its own. Each tick of each is a run at the root; neither is part of what armed it. */
import { action, scheduled } from '@whence/sdk';
import { Cron } from 'croner';

const purgeCarts = (): void =>
  action('purge carts', { system: 'shop', operation: 'DELETE', target: 'shop://carts/abandoned' }, () => {
    console.log('carts purged');
  });

const refreshPrices = (): void =>
  action('refresh prices', { system: 'shop', operation: 'PUT', target: 'shop://prices' }, () => {
    console.log('prices refreshed');
  });

// Said in full: as whom, allowed by what. Where the issuer says no, the job is not done, and croner's `catch` hears of it.
const purge = scheduled(
  { job: 'purge-carts', principal: 'k8s://shop/jobs/housekeeping', authority: 'policy:housekeeping@1' },
  purgeCarts,
);
new Cron(process.env['PURGE_AT'] ?? '0 2 * * *', { catch: console.error }, purge);

// As it was before there was tracing: under `--import @whence/sdk/register` its ticks are runs of the schedule's name.
new Cron(process.env['REFRESH_AT'] ?? '*/5 * * * *', { name: 'refresh-prices' }, refreshPrices);
