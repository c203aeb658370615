const { sayReady } = require('../far-work.cjs');
const { bootstrap } = require('../lambda/bootstrap.cjs');

module.exports = async () => {
  sayReady('far');
  await bootstrap();
};
