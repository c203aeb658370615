const { sayReady } = require('../far-work.cjs');
const { takeUp } = require('../taken-from-sqs.cjs');

module.exports = async (load) => {
  sayReady('polling');
  await takeUp(load, (message) => JSON.parse(message.Body).MessageAttributes);
};
