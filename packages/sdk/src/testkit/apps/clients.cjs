// Every instrumented client, required by a CommonJS program.
const http = require('node:http');
const grpc = require('@grpc/grpc-js');
const { callAll } = require('./every-client.cjs');

callAll({ http, grpc, sdk: import('@whence/sdk') });
