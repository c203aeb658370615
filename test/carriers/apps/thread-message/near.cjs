const { once } = require('node:events');
const { join } = require('node:path');
const { nearWork } = require('../near-work.cjs');

module.exports = async (load) => {
  const { Worker } = await load('node:worker_threads');
  const sdk = await load('@whence/sdk');
  const stock = process.env.STOCK;
  // Made in another run than the one that uses it, as pools are.
  const worker = await sdk.run(
    { job: 'pool' },
    () =>
      new Worker(process.argv[1], {
        argv: [join(__dirname, 'far.cjs')],
        ...(stock === undefined ? {} : { execArgv: ['--import', stock] }),
      }),
  );
  await nearWork(sdk, async () => {
    worker.postMessage({ whence: sdk.carrier() });
    await once(worker, 'exit');
  });
};
