module.exports = require('../http/far.cjs');
