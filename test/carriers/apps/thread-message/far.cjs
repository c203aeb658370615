const { context, propagation, ROOT_CONTEXT } = require('@opentelemetry/api');
const { farWork } = require('../far-work.cjs');

module.exports = async (load) => {
  const { parentPort } = await load('node:worker_threads');
  const { causedBy } = process.env.STOCK === undefined ? await load('@whence/sdk') : {};
  parentPort.once('message', ({ whence }) => {
    if (causedBy === undefined) context.with(propagation.extract(ROOT_CONTEXT, whence), farWork);
    else causedBy(whence, 'message', farWork);
  });
};
