const { farWork } = require('../far-work.cjs');

exports.handler = async () => farWork();
