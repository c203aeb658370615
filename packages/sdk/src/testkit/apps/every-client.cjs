const identity = {
  requestSerialize: (value) => value,
  requestDeserialize: (value) => value,
  responseSerialize: (value) => value,
  responseDeserialize: (value) => value,
};
const FX = {
  Convert: { path: '/fx.Rates/Convert', requestStream: false, responseStream: false, ...identity },
};

/** In one run: http, fetch and grpc, each to a server in this process that notes what it was sent. */
exports.callAll = async ({ http, grpc, sdk }) => {
  const { run } = await sdk;
  const seen = {};

  const web = http.createServer((request, response) => {
    seen[request.url.slice(1)] = [request.headers.traceparent, request.headers.tracestate];
    response.end('ok');
  });
  await new Promise((resolve) => web.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${web.address().port}`;

  const fx = new grpc.Server();
  fx.addService(FX, {
    Convert: ({ metadata }, answer) => {
      seen.grpc = [metadata.get('traceparent')[0], metadata.get('tracestate')[0]];
      answer(null, Buffer.from('1'));
    },
  });
  const credentials = grpc.ServerCredentials.createInsecure();
  const port = await new Promise((resolve, reject) =>
    fx.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  const Client = grpc.makeGenericClientConstructor(FX, 'fx.Rates');
  const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());

  await run({ job: 'clients' }, async ({ reference, span }) => {
    await new Promise((resolve, reject) =>
      http.get(`${url}/http`, (response) => response.resume().on('end', resolve)).on('error', reject),
    );
    await (await fetch(`${url}/fetch`)).text();
    await new Promise((resolve, reject) =>
      client.Convert(Buffer.from('1'), (error, value) => (error ? reject(error) : resolve(value))),
    );
    process.stdout.write(JSON.stringify({ reference, traceId: span.spanContext().traceId, seen }));
  });
  client.close();
  fx.forceShutdown();
  web.close();
};
