const { farWork, sayReady } = require('../far-work.cjs');

module.exports = async (load) => {
  const { createServer } = await load('node:https');
  const { TLS_CERT: cert, TLS_KEY: key } = process.env;
  const server = createServer({ cert, key }, (request, response) => {
    request.resume().on('end', () => {
      farWork();
      response.setHeader('connection', 'close').end('done');
      server.close();
    });
  });
  server.listen(0, '127.0.0.1', () => sayReady(`https://127.0.0.1:${server.address().port}`));
};
