/** Two runs at the same time, and one pool of threads that works for both. */
import { run } from '@whence/sdk';
import { createPool } from './pool.ts';

const pool = createPool(2);

const renderAll = (customer: string): Promise<unknown> =>
  run({ job: `invoices-${customer}`, trigger: 'api' }, () =>
    Promise.all(Array.from({ length: 10 }, (_, at) => pool.render(`${customer}-${at}`))),
  );

await Promise.all([renderAll('acme'), renderAll('globex')]);
pool.close();
console.log('rendered');
