module.exports = require('../fetch/near.cjs');
