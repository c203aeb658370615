const { farWork, sayReady } = require('../far-work.cjs');

module.exports = async (load) => {
  const { HTTP } = await load('cloudevents');
  const { createServer } = await load('node:http');
  const { causedBy } = await load('@whence/sdk');
  const { context, propagation, ROOT_CONTEXT } = await load('@opentelemetry/api');
  // What a service can do that has OpenTelemetry alone.
  const below = (event, fn) => context.with(propagation.extract(ROOT_CONTEXT, event), fn);

  const server = createServer(async (request, response) => {
    const body = (await request.setEncoding('utf8').toArray()).join('');
    const event = HTTP.toEvent({ headers: request.headers, body });
    if (process.env.STOCK === undefined) causedBy(event, 'message', farWork);
    else below(event, farWork);
    response.setHeader('connection', 'close').end('done');
    server.close();
  });
  server.listen(0, '127.0.0.1', () => sayReady(`http://127.0.0.1:${server.address().port}`));
};
