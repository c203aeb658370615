const { once } = require('node:events');
const { join } = require('node:path');
const { nearWork } = require('../near-work.cjs');

module.exports = async (load) => {
  const { Worker } = await load('node:worker_threads');
  const sdk = await load('@whence/sdk');
  await nearWork(sdk, async () => {
    const stock = process.env.STOCK;
    const worker = new Worker(process.argv[1], {
      argv: [join(__dirname, 'far.cjs')],
      ...(stock === undefined
        ? {}
        : { execArgv: ['--import', stock], workerData: { whence: sdk.carrier() } }),
    });
    await once(worker, 'exit');
  });
};
