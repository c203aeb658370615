const { once } = require('node:events');
const { join } = require('node:path');
const { nearWork } = require('../near-work.cjs');

module.exports = async (load) => {
  const { fork } = await load('node:child_process');
  await nearWork(await load('@whence/sdk'), async () => {
    const stock = process.env.STOCK;
    const options = stock === undefined ? {} : { execArgv: ['--import', stock] };
    await once(fork(process.argv[1], [join(__dirname, 'far.cjs')], options), 'exit');
  });
};
