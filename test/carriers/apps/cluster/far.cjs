const { parentWork } = require('../parent-work.cjs');

module.exports = async (load) => {
  parentWork();
  const cluster = await load('node:cluster');
  cluster.worker.disconnect();
};
