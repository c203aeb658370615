const { once } = require('node:events');
const { join } = require('node:path');
const { nearWork } = require('../near-work.cjs');

module.exports = async (load) => {
  const { fork } = await load('node:child_process');
  const sdk = await load('@whence/sdk');
  const stock = process.env.STOCK;
  const options = stock === undefined ? {} : { execArgv: ['--import', stock] };
  const child = await sdk.run({ job: 'pool' }, () =>
    fork(process.argv[1], [join(__dirname, 'far.cjs')], options),
  );
  await nearWork(sdk, async () => {
    child.send({ whence: sdk.carrier() });
    await once(child, 'exit');
  });
};
