const { farWork, sayReady } = require('../far-work.cjs');
const { RATES } = require('./service.cjs');

const ANSWER = Buffer.from('!');

module.exports = async (load) => {
  const grpc = await load('@grpc/grpc-js');
  const server = new grpc.Server();
  const worked = () => {
    farWork();
    server.tryShutdown(() => {});
  };
  server.addService(RATES, {
    unary: (_call, answer) => {
      worked();
      answer(null, ANSWER);
    },
    clientStream: (call, answer) => {
      call.on('data', worked).on('end', () => answer(null, ANSWER));
    },
    serverStream: (call) => {
      worked();
      call.write(ANSWER);
      call.end();
    },
    bidi: (call) => {
      call.on('data', worked).on('end', () => {
        call.write(ANSWER);
        call.end();
      });
    },
  });
  server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error !== null) throw error;
    sayReady(`127.0.0.1:${port}`);
  });
};
