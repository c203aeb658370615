module.exports = async () => require('../parent-work.cjs').parentWork();
