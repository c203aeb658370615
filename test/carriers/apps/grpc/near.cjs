const { nearWork } = require('../near-work.cjs');
const { RATES } = require('./service.cjs');

const QUESTION = Buffer.from('?');

const calls = (client) => ({
  unary: (done) => client.unary(QUESTION, done),
  clientStream: (done) => {
    const call = client.clientStream(done);
    call.write(QUESTION);
    call.end();
  },
  serverStream: (done) => client.serverStream(QUESTION).on('error', done).on('end', done).resume(),
  bidi: (done) => {
    const call = client.bidi().on('error', done).on('end', done);
    call.resume().write(QUESTION);
    call.end();
  },
});

module.exports = async (load) => {
  const grpc = await load('@grpc/grpc-js');
  const Rates = grpc.makeClientConstructor(RATES, 'fx.Rates');
  const client = new Rates(process.env.FAR, grpc.credentials.createInsecure());
  await nearWork(
    await load('@whence/sdk'),
    () =>
      new Promise((resolve, reject) =>
        calls(client)[process.env.GRPC_CALL]((error) => (error ? reject(error) : resolve())),
      ),
  );
  client.close();
};
