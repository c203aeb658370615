const { once } = require('node:events');
const { join } = require('node:path');
const { nearWork } = require('../near-work.cjs');

module.exports = async (load) => {
  const cluster = await load('node:cluster');
  const stock = process.env.STOCK;
  cluster.setupPrimary({
    exec: process.argv[1],
    args: [join(__dirname, 'far.cjs')],
    ...(stock === undefined ? {} : { execArgv: ['--import', stock] }),
  });
  await nearWork(await load('@whence/sdk'), () => once(cluster.fork(), 'exit'));
};
