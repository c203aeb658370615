const { farWork, sayReady } = require('../far-work.cjs');
const { RATES } = require('../grpc/service.cjs');

/** Serves HTTP and gRPC until it is told to end; each request is an action. */
module.exports = async (load) => {
  const { createServer } = await load('node:http');
  const grpc = await load('@grpc/grpc-js');
  const rates = new grpc.Server();
  rates.addService(
    { unary: RATES.unary },
    {
      unary: (_call, answer) => {
        farWork();
        answer(null, Buffer.from('!'));
      },
    },
  );
  const port = await new Promise((resolve, reject) =>
    rates.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  const server = createServer((request, response) => {
    if (request.url === '/end') {
      rates.forceShutdown();
      server.close();
    } else farWork();
    response.setHeader('connection', 'close').end('done');
  });
  server.listen(0, '127.0.0.1', () =>
    sayReady({ http: `http://127.0.0.1:${server.address().port}`, grpc: `127.0.0.1:${port}` }),
  );
};
