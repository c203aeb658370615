// The same through pg as CommonJS requires it.
const pg = require('pg');
const { ask } = require('./queries.cjs');

void import('@whence/sdk').then(({ run }) => ask(pg, run));
