const { nearWork } = require('../near-work.cjs');

module.exports = async (load) =>
  nearWork(await load('@whence/sdk'), async () => (await fetch(process.env.FAR)).text());
