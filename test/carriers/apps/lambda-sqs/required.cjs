const { far } = require('./far-record.cjs');

exports.handler = async (event) => far(event);
