const { context, propagation, ROOT_CONTEXT } = require('@opentelemetry/api');
const { farWork } = require('../far-work.cjs');

module.exports = async (load) => {
  const { workerData } = await load('node:worker_threads');
  // OpenTelemetry alone knows of no parent of a thread: it takes what the data says.
  if (process.env.STOCK === undefined) farWork();
  else context.with(propagation.extract(ROOT_CONTEXT, workerData.whence), farWork);
};
