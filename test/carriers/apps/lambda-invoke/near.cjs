const { nearWork } = require('../near-work.cjs');

module.exports = async (load) => {
  const { InvokeCommand, LambdaClient } = await load('@aws-sdk/client-lambda');
  const lambda = new LambdaClient();
  await nearWork(await load('@whence/sdk'), () =>
    lambda.send(new InvokeCommand({ FunctionName: 'far', Payload: JSON.stringify({ account: 4711 }) })),
  );
  lambda.destroy();
};
